/* The access check: laws that hold for every descriptor, token and request. Random worlds. */
#include "shared/core/accesscheck.h"

#include "tests/support/sdtext.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define WORLDS 1500
#define MAX SBX_MAXIMUM_ALLOWED

/* One random question. Its strings are short names, so that a failure can be read and repeated. */
struct world {
    char descriptor[512];
    char groups[64];
    char restricting[32];
    char user[8];
    char text[700]; /* all of it, for messages */
    uint32_t desired;
};

static const char *const who[] = {"U", "U", "V", "G", "H", "E", "OW", "K1", "K1", "K2", "R"};
static const uint32_t masks[] = {0x1, 0x2, 0x3, 0x40, 0x80, 0x100, 0x10000, 0x20000, 0x40000,
    0x80000, 0x60000, 0x120089, 0x120116, 0x1200A9, 0x1301BF, 0x1F01FF, 0xD0156, 0x10000000,
    0x40000000};

static uint32_t pick(uint64_t *state, uint32_t below)
{
    return (uint32_t)(unit_random(state) % below);
}

static void random_dacl(uint64_t *state, bool with_deny, char *text, size_t size_bytes)
{
    static const char *const flags[] = {"-", "-", "-", "ID", "OICI", "OICIIO", "CIIOID"};
    size_t used = 0;
    uint32_t count = pick(state, 7);

    snprintf(text, size_bytes, "%s", pick(state, 20) == 0 ? "null" : "empty");
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size_bytes - used, "(%c %s %x %s)",
            with_deny && pick(state, 3) == 0 ? 'D' : 'A', flags[pick(state, countof(flags))],
            (unsigned)masks[pick(state, countof(masks))], who[pick(state, countof(who))]);
}

static void random_world(uint64_t *state, bool with_deny, struct world *world)
{
    static const char *const groups[] = {"", "E:7", "G:7 E:7", "G:10 E:7", "H:4 G:0 E:7", "H:10"};
    static const char *const restricting[] = {"K1", "K1 R", "K1 E", "K2 U", "K1 G R", "R"};
    static const char *const owners[] = {"U", "V", "G", "H", "K1"};
    char dacl[400];

    random_dacl(state, with_deny, dacl, sizeof(dacl));
    snprintf(world->descriptor, sizeof(world->descriptor), "%s G %s",
        owners[pick(state, countof(owners))], dacl);
    snprintf(world->groups, sizeof(world->groups), "%s", groups[pick(state, countof(groups))]);
    snprintf(world->restricting, sizeof(world->restricting), "%s",
        restricting[pick(state, countof(restricting))]);
    snprintf(world->user, sizeof(world->user), "%s", pick(state, 10) == 0 ? "U:10" : "U");
    world->desired = pick(state, 4) == 0 ? MAX : masks[pick(state, countof(masks))];
    snprintf(world->text, sizeof(world->text), "'%s' user %s groups '%s' restricting '%s' 0x%X",
        world->descriptor, world->user, world->groups, world->restricting,
        (unsigned)world->desired);
}

/* Ask with some of the world changed; NULL keeps what is there. */
static uint32_t ask(const struct world *world, const char *descriptor, const char *restricting,
    const char *flags, uint32_t desired, struct sbx_access_result *ret_result)
{
    struct sbx_access_result own;
    struct sbx_descriptor parsed;
    struct sd_token token;
    struct sbx_access_request request;

    sd_parse(descriptor ? descriptor : world->descriptor, &parsed);
    sd_token(
        &token, world->user, world->groups, restricting ? restricting : world->restricting, flags);
    sd_request(&request, desired, flags);
    sbx_access_check(&parsed, &token.token, &request, ret_result ? ret_result : &own);
    sbx_descriptor_done(&parsed);
    return ret_result ? ret_result->granted_mask : own.granted_mask;
}

static uint32_t maximum(const struct world *world, const char *restricting, const char *flags)
{
    return ask(world, NULL, restricting, flags, MAX, NULL);
}

/* The DACL's text with an entry put in front or at the end; false for a NULL DACL. */
static bool with_entry(const struct world *world, const char *ace, bool in_front, char text[600])
{
    const char *dacl = world->descriptor + strcspn(world->descriptor, " ") + 3;
    int head = (int)(dacl - world->descriptor);

    if (strcmp(dacl, "null") == 0)
        return false;
    if (strcmp(dacl, "empty") == 0)
        dacl = "";
    snprintf(text, 600, "%.*s%s%s%s", head, world->descriptor, in_front ? ace : "", dacl,
        in_front ? "" : ace);
    return true;
}

#define FOR_WORLDS(with_deny)                                                                      \
    uint64_t state = unit_seed();                                                                  \
    struct world world;                                                                            \
    for (int world_index = 0;                                                                      \
         world_index < WORLDS && (random_world(&state, (with_deny), &world), true); world_index++)

#define SUBSET(small, large)                                                                       \
    ck_assert_msg(((small) & ~(large)) == 0, "0x%08X is not within 0x%08X: %s", (unsigned)(small), \
        (unsigned)(large), world.text)

START_TEST(accessproperty__restricting_sids__only_take_away)
{
    FOR_WORLDS(true)
    {
        uint32_t free_mask = maximum(&world, "", "");
        uint32_t write_mask = maximum(&world, NULL, "w");

        SUBSET(write_mask, free_mask);
        SUBSET(maximum(&world, NULL, ""), write_mask);
        SUBSET(maximum(&world, NULL, "wm"), free_mask);
    }
}
END_TEST

START_TEST(accessproperty__write_restricted__splits_reads_from_writes)
{
    static const char *const readings[][2] = {{"w", ""}, {"wm", "m"}};

    FOR_WORLDS(true)
    {
        for (size_t i = 0; i < countof(readings); i++) {
            uint32_t part =
                sbx_access_write_part(&sbx_file_mapping, i == 1 ? SBX_READING_MAPPING_ONLY : 0);
            uint32_t mask = maximum(&world, NULL, readings[i][0]);

            ck_assert_msg(
                (mask & ~part) == (maximum(&world, "", "") & ~part), "reads: %s", world.text);
            ck_assert_msg(
                (mask & part) == (maximum(&world, NULL, "") & part), "writes: %s", world.text);
        }
    }
}
END_TEST

START_TEST(accessproperty__readings__are_ordered)
{
    FOR_WORLDS(true)
    {
        SUBSET(maximum(&world, NULL, "w"), maximum(&world, NULL, "wm"));
        SUBSET(maximum(&world, NULL, "wo"), maximum(&world, NULL, "w"));
        SUBSET(ask(&world, NULL, NULL, "wr", world.desired, NULL),
            ask(&world, NULL, NULL, "w", world.desired, NULL));
    }
}
END_TEST

START_TEST(accessproperty__maximum__is_the_sum_of_single_rights)
{
    static const char *const flags[] = {"", "w", "wm", "wo", "t"};

    FOR_WORLDS(true)
    {
        const char *with = flags[world_index % (int)countof(flags)];
        uint32_t found = maximum(&world, NULL, with);

        for (uint32_t bit = 1; bit <= 0x100000; bit <<= 1) {
            bool single = ask(&world, NULL, NULL, with, bit, NULL) != 0;
            bool beyond = strstr(world.descriptor, "null") && !(bit & SBX_FILE_ALL);

            if (strchr(with, 't') && bit == SBX_WRITE_OWNER)
                continue; /* a privilege is used only by name */
            ck_assert_msg(beyond || single == ((found & bit) != 0), "bit 0x%X, %s, flags '%s'",
                (unsigned)bit, world.text, with);
        }
    }
}
END_TEST

START_TEST(accessproperty__allow_added_without_denies__never_removes)
{
    FOR_WORLDS(false)
    {
        char text[600], ace[32];
        uint32_t name = pick(&state, countof(who));

        if (strcmp(who[name], "OW") == 0)
            continue; /* that one ends the owner's implicit rights, and is meant to */
        snprintf(ace, sizeof(ace), "(A - %x %s)", (unsigned)masks[pick(&state, countof(masks))],
            who[name]);
        if (with_entry(&world, ace, pick(&state, 2) == 0, text)) {
            SUBSET(maximum(&world, NULL, ""), ask(&world, text, NULL, "", MAX, NULL));
            SUBSET(maximum(&world, NULL, "w"), ask(&world, text, NULL, "w", MAX, NULL));
        }
    }
}
END_TEST

START_TEST(accessproperty__deny_added__never_adds)
{
    FOR_WORLDS(true)
    {
        char text[600], ace[32];

        snprintf(ace, sizeof(ace), "(D - %x %s)", (unsigned)masks[pick(&state, countof(masks))],
            who[pick(&state, countof(who))]);
        if (with_entry(&world, ace, pick(&state, 2) == 0, text)) {
            SUBSET(ask(&world, text, NULL, "", MAX, NULL), maximum(&world, NULL, ""));
            SUBSET(ask(&world, text, NULL, "w", MAX, NULL), maximum(&world, NULL, "w"));
        }
    }
}
END_TEST

START_TEST(accessproperty__inherit_only_added__changes_nothing)
{
    FOR_WORLDS(true)
    {
        char text[600], ace[32];

        snprintf(ace, sizeof(ace), "(%c OICIIO %x %s)", pick(&state, 2) ? 'A' : 'D',
            (unsigned)masks[pick(&state, countof(masks))], who[pick(&state, countof(who))]);
        if (with_entry(&world, ace, pick(&state, 2) == 0, text))
            ck_assert_msg(ask(&world, text, NULL, "w", MAX, NULL) == maximum(&world, NULL, "w"),
                "%s and %s", world.text, ace);
    }
}
END_TEST

START_TEST(accessproperty__deny_only__never_adds)
{
    FOR_WORLDS(true)
    {
        struct world enabled = world, deny_only = world;

        snprintf(enabled.groups, sizeof(enabled.groups), "G:7 H:7 E:7");
        snprintf(deny_only.groups, sizeof(deny_only.groups), "G:10 H:7 E:7");
        SUBSET(maximum(&deny_only, "", ""), maximum(&enabled, "", ""));
        snprintf(enabled.user, sizeof(enabled.user), "U");
        snprintf(deny_only.user, sizeof(deny_only.user), "U:10");
        SUBSET(maximum(&deny_only, "", ""), maximum(&enabled, "", ""));
    }
}
END_TEST

/* The steps of one pass: every bit at most once; each names an entry that has the bit. */
static void check_steps(const struct world *world, const struct sbx_access_result *result)
{
    uint32_t seen[3] = {0, 0, 0};
    struct sbx_descriptor parsed;

    sd_parse(world->descriptor, &parsed);
    for (size_t i = 0; i < result->step_count; i++) {
        const struct sbx_access_step *step = &result->steps[i];

        ck_assert_msg(!(seen[step->pass] & step->mask), "bit decided twice: %s", world->text);
        seen[step->pass] |= step->mask;
        if (step->reason != SBX_REASON_ACE)
            continue;
        ck_assert_uint_lt(step->ace_index, parsed.dacl.count);
        ck_assert_uint_eq(parsed.dacl.aces[step->ace_index].type == SBX_ACE_ALLOW, step->granted);
        ck_assert_uint_eq(
            step->mask & ~sbx_access_map(parsed.dacl.aces[step->ace_index].mask, &sbx_file_mapping),
            0);
    }
    sbx_descriptor_done(&parsed);
}

START_TEST(accessproperty__steps__decide_each_bit_once_and_agree)
{
    FOR_WORLDS(true)
    {
        struct sbx_access_result result;
        const struct sbx_access_step *by = NULL;

        ask(&world, NULL, NULL, world_index % 2 ? "w" : "", world.desired, &result);
        check_steps(&world, &result);
        by = sbx_access_deciding(&result);
        ck_assert_msg(by != NULL && by->granted == result.granted, "deciding step: %s", world.text);
        ck_assert_msg(result.granted || (by->mask & result.missing_mask) || world.desired == MAX,
            "deciding step of another bit: %s", world.text);
    }
}
END_TEST

/* A random DACL also goes through bytes: what is asked of a file is what was written to it. */
START_TEST(accessproperty__serialised__answers_the_same)
{
    FOR_WORLDS(true)
    {
        struct sbx_descriptor parsed, again;
        struct sd_token token;
        struct sbx_access_request request;
        struct sbx_access_result before, after;
        struct sbx_error err;
        struct sbx_buf bytes;

        sbx_buf_init(&bytes, 4096);
        memset(&again, 0, sizeof(again));
        sd_parse(world.descriptor, &parsed);
        sd_token(&token, world.user, world.groups, world.restricting, "w");
        sd_request(&request, world.desired, "w");
        ck_assert_sbx_ok(sbx_descriptor_serialise(&parsed, &bytes, &err), &err);
        ck_assert_sbx_ok(sbx_descriptor_parse(bytes.data, bytes.length_bytes, &again, &err), &err);
        sbx_access_check(&parsed, &token.token, &request, &before);
        sbx_access_check(&again, &token.token, &request, &after);
        ck_assert_uint_eq(before.granted_mask, after.granted_mask);
        ck_assert_uint_eq(before.step_count, after.step_count);
        sbx_descriptor_done(&parsed);
        sbx_descriptor_done(&again);
        sbx_buf_done(&bytes);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, accessproperty__restricting_sids__only_take_away);
    tcase_add_test(tcase, accessproperty__write_restricted__splits_reads_from_writes);
    tcase_add_test(tcase, accessproperty__readings__are_ordered);
    tcase_add_test(tcase, accessproperty__maximum__is_the_sum_of_single_rights);
    tcase_add_test(tcase, accessproperty__allow_added_without_denies__never_removes);
    tcase_add_test(tcase, accessproperty__deny_added__never_adds);
    tcase_add_test(tcase, accessproperty__inherit_only_added__changes_nothing);
    tcase_add_test(tcase, accessproperty__deny_only__never_adds);
    tcase_add_test(tcase, accessproperty__steps__decide_each_bit_once_and_agree);
    tcase_add_test(tcase, accessproperty__serialised__answers_the_same);
}

UNIT_MAIN("accessproperty", add_tests)

/*
 * policy_merge over random layers: nothing comes out that the machine's policy or, with a
 * workspace's policy, the others did not allow. What "wider" means is said here once more, and what
 * lies in what (the bounds' own comparison) is shown entry by entry.
 */
#include "shared/core/policy.h"

#include "shared/core/policy_fields.h"
#include "tests/support/unit.h"

static const char *const some_paths[] = {"C:\\\\a", "C:\\\\a\\\\b", "C:\\\\a\\\\b\\\\c", "C:\\\\aa",
    "c:/A/d", "D:\\\\w", "src", "src\\\\x", "."};
static const char *const some_domains[] = {
    "a.example", "*.a.example", "x.a.example", "x.a.example:443", "b.example"};
static const char *const some_names[] = {"A*", "AB", "AB*", "C", "*B"};

static const char *const some_protected[] = {"x.txt", "y.txt", "z.txt"};
static const char *const some_commands[] = {"a", "b", "a\",\"x", "b\",\"x"};

static void random_list(
    uint64_t *state, struct sbx_buf *text, const char *key, const char *const *words, size_t count)
{
    size_t n = (size_t)(unit_random(state) % 4);
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_buf_printf(text, &err, "\"%s\":[", key), &err);
    while (n--)
        ck_assert_sbx_ok(
            sbx_buf_printf(text, &err, "\"%s\"%s", words[unit_random(state) % count], n ? "," : ""),
            &err);
    ck_assert_sbx_ok(sbx_buf_puts(text, "]", &err), &err);
}

static void random_rules(uint64_t *state, struct sbx_buf *text)
{
    static const char *const decisions[] = {"allow", "prompt", "deny"};
    size_t n = (size_t)(unit_random(state) % 4);
    struct sbx_error err;

    while (n--)
        ck_assert_sbx_ok(sbx_buf_printf(text, &err, "{\"match\":[\"%s\"],\"decision\":\"%s\"}%s",
                             some_commands[unit_random(state) % countof(some_commands)],
                             decisions[unit_random(state) % countof(decisions)], n ? "," : ""),
            &err);
}

/* Each scalar is written with probability 1/4, each list with 1/3. */
static void random_layer(uint64_t *state, enum sbx_layer layer, struct sbx_policy *ret)
{
    const struct sbx_policy_field *fields;
    struct sbx_error err;
    struct sbx_buf text;
    size_t count, i;

    sbx_buf_init(&text, 65536);
    ck_assert_sbx_ok(sbx_buf_puts(&text, "{\"commands\":[", &err), &err);
    random_rules(state, &text);
    ck_assert_sbx_ok(sbx_buf_puts(&text, "],\"protect\":{", &err), &err);
    random_list(state, &text, "add", some_protected, countof(some_protected));
    ck_assert_sbx_ok(sbx_buf_puts(&text, "},\"filesystem\":{", &err), &err);
    random_list(state, &text, "denyWrite", some_paths, 6);
    if (unit_random(state) % 3 == 0) {
        ck_assert_sbx_ok(sbx_buf_puts(&text, ",", &err), &err);
        random_list(state, &text, "allowWrite", some_paths, countof(some_paths));
    }
    if (unit_random(state) % 3 == 0) {
        ck_assert_sbx_ok(sbx_buf_puts(&text, ",", &err), &err);
        random_list(state, &text, "allowRead", some_paths, 6);
        ck_assert_sbx_ok(sbx_buf_puts(&text, ",", &err), &err);
        random_list(state, &text, "denyRead", some_paths, 6);
    }
    ck_assert_sbx_ok(sbx_buf_puts(&text, "},\"network\":{", &err), &err);
    random_list(state, &text, "deniedDomains", some_domains, countof(some_domains));
    if (unit_random(state) % 3 == 0 && !sbx_buf_puts(&text, ",", &err))
        random_list(state, &text, "allowedDomains", some_domains, countof(some_domains));
    ck_assert_sbx_ok(sbx_buf_puts(&text, "},\"environment\":{", &err), &err);
    random_list(state, &text, "scrub", some_names, countof(some_names));
    if (unit_random(state) % 3 == 0 && !sbx_buf_puts(&text, ",", &err))
        random_list(state, &text, "pass", some_names, countof(some_names));
    ck_assert_sbx_ok(sbx_buf_puts(&text, "}}", &err), &err);
    ck_assert_sbx_ok(
        sbx_policy_parse(text.data, text.length_bytes, layer, "random", ret, &err), &err);
    sbx_buf_done(&text);
    fields = sbx_policy_fields(&count);
    for (i = 0; i < count; i++) {
        const struct sbx_policy_field *field = &fields[i];

        if (field->merge != SBX_MERGE_SCALAR || unit_random(state) % 4 ||
            (field->machine_only && layer != SBX_LAYER_MACHINE))
            continue;
        if (field->type == SBX_FIELD_NUMBER)
            sbx_policy_set_number(ret, field, (field->min + unit_random(state) % 5) * field->scale);
        else
            sbx_policy_set_value(ret, field,
                1 + (unsigned)(unit_random(state) %
                               (field->type == SBX_FIELD_FLAG ? 2 : field->word_count)));
    }
}

/* An independent statement of the order, not taken from the table under test. */
static unsigned width(const char *path, const struct sbx_policy *p)
{
    static const unsigned network[] = {0, 1, 2, 3, 4}, created[] = {0, 2, 1, 3},
                          choice[] = {0, 0, 1, 2, 3}, decision[] = {0, 3, 2, 1};

    if (!strcmp(path, "network.access"))
        return network[p->network];
    if (!strcmp(path, "protect.onCreated"))
        return created[p->on_created_protected];
    if (!strcmp(path, "mode"))
        return choice[p->mode];
    if (!strcmp(path, "token"))
        return choice[p->token];
    if (!strcmp(path, "approvals.write"))
        return decision[p->approve_write];
    if (!strcmp(path, "approvals.desktop"))
        return decision[p->approve_desktop];
    if (!strcmp(path, "approvals.network"))
        return decision[p->approve_network];
    if (!strcmp(path, "audit.eventLog"))
        return decision[p->event_log];
    if (!strcmp(path, "audit.enabled"))
        return p->audit == SBX_FLAG_YES ? 1 : p->audit == SBX_FLAG_NO ? 2 : 0;
    return 0;
}

static bool is_listed(const char *path)
{
    return !strcmp(path, "network.access") || !strcmp(path, "protect.onCreated") ||
           !strcmp(path, "mode") || !strcmp(path, "token") || !strncmp(path, "audit.", 6) ||
           !strncmp(path, "approvals.", 10);
}

/* No scalar of `result` is wider than what `bound` wrote. */
static void assert_narrower(const struct sbx_policy *result, const struct sbx_policy *bound)
{
    const struct sbx_policy_field *fields;
    size_t count, i;
    char path[64];

    fields = sbx_policy_fields(&count);
    for (i = 0; i < count; i++) {
        const struct sbx_policy_field *field = &fields[i];
        uint64_t most, got;

        if (field->merge != SBX_MERGE_SCALAR)
            continue;
        sbx_policy_field_path(field, path, sizeof(path));
        if (field->type == SBX_FIELD_NUMBER) {
            most = sbx_policy_get_number(bound, field);
            got = sbx_policy_get_number(result, field);
            ck_assert_msg(!most || (got && got <= most), "%s: %llu > %llu", path,
                (unsigned long long)got, (unsigned long long)most);
            continue;
        }
        most = is_listed(path) ? width(path, bound) : sbx_policy_get_value(bound, field);
        got = is_listed(path) ? width(path, result) : sbx_policy_get_value(result, field);
        ck_assert_msg(!most || (got && got <= most), "%s: %llu wider than %llu", path,
            (unsigned long long)got, (unsigned long long)most);
    }
}

/* Every entry of the result lies in an entry of the bound, where the bound wrote the list. */
static void assert_inside(const struct sbx_strings *result, const struct sbx_strings *bound,
    bool (*covers)(const char *, const char *), bool absolute_only)
{
    size_t i, k;

    for (i = 0; bound->written && i < result->count; i++) {
        if (absolute_only && !sbx_policy_path_is_absolute(result->items[i]))
            continue;
        for (k = 0; k < bound->count; k++)
            if (covers(bound->items[k], result->items[i]) ||
                (absolute_only && !sbx_policy_path_is_absolute(bound->items[k])))
                break;
        ck_assert_msg(k < bound->count, "'%s' is outside", result->items[i]);
    }
}

/* Everything the list admits was admitted by the list before. */
static void assert_no_new(const struct sbx_strings *after, const struct sbx_strings *before,
    bool (*covers)(const char *, const char *))
{
    struct sbx_strings bound = *before;

    bound.written = true;
    assert_inside(after, &bound, covers, false);
}

/* What takes away is all still there. */
static void assert_kept(const struct sbx_strings *after, const struct sbx_strings *before)
{
    size_t i, k;

    for (i = 0; i < before->count; i++) {
        for (k = 0; k < after->count && strcmp(after->items[k], before->items[i]); k++)
            ;
        ck_assert_msg(k < after->count, "'%s' is lost", before->items[i]);
    }
}

/* No command is decided more freely. */
static void assert_as_strict(const struct sbx_policy *after, const struct sbx_policy *before)
{
    static const unsigned strictness[] = {0, 1, 2, 3}; /* unset, allow, prompt, deny */
    static const char *const vectors[][2] = {
        {"a", NULL}, {"a", "x"}, {"b", NULL}, {"b", "x"}, {"c", "x"}};
    size_t i;

    for (i = 0; i < countof(vectors); i++) {
        const size_t argc = vectors[i][1] ? 2 : 1;
        const char *reason = NULL;
        enum sbx_decision now = sbx_policy_decide(after, vectors[i], argc, &reason);
        enum sbx_decision was = sbx_policy_decide(before, vectors[i], argc, &reason);

        ck_assert_msg(strictness[now] >= strictness[was], "%s: %d after %d", vectors[i][0],
            (int)now, (int)was);
    }
}

START_TEST(merge__random_layers__never_exceed_the_machine)
{
    uint64_t state = unit_seed();
    unsigned merges = 0, round;

    for (round = 0; round < 4000; round++) {
        struct sbx_policy layer[4], result;
        const struct sbx_policy *list[4] = {&layer[0], &layer[1], &layer[2], &layer[3]};
        enum sbx_layer kinds[4] = {
            SBX_LAYER_MACHINE, SBX_LAYER_COMMAND, SBX_LAYER_FILE, SBX_LAYER_USER};
        size_t count = 1 + (size_t)(unit_random(&state) % 4), i;

        for (i = 0; i < 4; i++)
            random_layer(&state, kinds[i], &layer[i]);
        if (!sbx_policy_merge(list, count, &result, NULL)) {
            merges++;
            assert_narrower(&result, &layer[0]);
            assert_inside(&result.allow_write, &layer[0].allow_write, sbx_policy_path_covers, true);
            assert_inside(&result.allow_read, &layer[0].allow_read, sbx_policy_path_covers, false);
            assert_inside(&result.allowed_domains, &layer[0].allowed_domains,
                sbx_policy_domain_covers, false);
            assert_inside(&result.env_pass, &layer[0].env_pass, sbx_policy_env_covers, false);
            ck_assert_int_eq(result.write_bound.written,
                layer[0].allow_write.written || layer[0].profile == SBX_PROFILE_READ_ONLY);
            sbx_policy_done(&result);
        }
        for (i = 0; i < 4; i++)
            sbx_policy_done(&layer[i]);
    }
    ck_assert_msg(merges > 400, "only %u of 4000 merges succeeded: the test tests little", merges);
}
END_TEST

START_TEST(merge__random_workspace__never_widens)
{
    uint64_t state = unit_seed();
    unsigned merges = 0, round;

    for (round = 0; round < 4000; round++) {
        struct sbx_policy layer[3], without, with;
        const struct sbx_policy *list[3] = {&layer[0], &layer[1], &layer[2]};
        size_t i;

        random_layer(&state, SBX_LAYER_COMMAND, &layer[0]);
        random_layer(&state, SBX_LAYER_USER, &layer[1]);
        random_layer(&state, SBX_LAYER_WORKSPACE, &layer[2]);
        sbx_policy_init(&without, SBX_LAYER_MACHINE);
        if (!sbx_policy_merge(list, 2, &without, NULL) && !sbx_policy_merge(list, 3, &with, NULL)) {
            merges++;
            assert_narrower(&with, &without);
            if (without.network == SBX_NETWORK_UNSET)
                ck_assert_int_le(with.network, SBX_NETWORK_NONE);
            /* A writable working directory admits what is relative. */
            if (without.profile == SBX_PROFILE_WORKSPACE_WRITE) {
                struct sbx_error err;

                ck_assert_sbx_ok(sbx_strings_add(&without.allow_write, ".", &err), &err);
            }
            assert_no_new(&with.allow_write, &without.allow_write, sbx_policy_path_covers);
            assert_no_new(&with.allow_read, &without.allow_read, sbx_policy_path_covers);
            assert_no_new(
                &with.allowed_domains, &without.allowed_domains, sbx_policy_domain_covers);
            assert_no_new(&with.env_pass, &without.env_pass, sbx_policy_env_covers);
            assert_kept(&with.deny_read, &without.deny_read);
            assert_kept(&with.deny_write, &without.deny_write);
            assert_kept(&with.denied_domains, &without.denied_domains);
            assert_kept(&with.protect_add, &without.protect_add);
            assert_kept(&with.env_scrub, &without.env_scrub);
            assert_kept(&with.deny_read, &layer[2].deny_read);
            assert_kept(&with.deny_write, &layer[2].deny_write);
            assert_kept(&with.denied_domains, &layer[2].denied_domains);
            assert_kept(&with.protect_add, &layer[2].protect_add);
            assert_kept(&with.env_scrub, &layer[2].env_scrub);
            assert_as_strict(&with, &without);
            assert_as_strict(&with, &layer[2]);
            sbx_policy_done(&with);
        }
        sbx_policy_done(&without);
        for (i = 0; i < 3; i++)
            sbx_policy_done(&layer[i]);
    }
    ck_assert_msg(merges > 400, "only %u of 4000 merges succeeded: the test tests little", merges);
}
END_TEST

static const struct covers {
    bool (*covers)(const char *, const char *);
    const char *bound, *entry;
    bool expected;
} covers[] = {
    {sbx_policy_path_covers, "C:\\a", "C:\\a", true},
    {sbx_policy_path_covers, "C:\\a", "c:/A/b/", true},
    {sbx_policy_path_covers, "C:\\a", "C:\\ab", false},
    {sbx_policy_path_covers, "C:\\a", "C:\\a\\..\\b", false},
    {sbx_policy_path_covers, "C:\\a", "\\\\?\\C:\\a\\b", true},
    {sbx_policy_path_covers, "a", "a\\b", true},
    {sbx_policy_path_covers, "a", "a\\..\\b", false},
    {sbx_policy_path_covers, "a", "..\\cwd\\a", false}, /* the name of the stand-in */
    {sbx_policy_path_covers, "a", "A:\\cwd\\a", false},
    {sbx_policy_path_covers, "%X%", "%x%", true},
    {sbx_policy_path_covers, "C:\\", "%X%", false},
    {sbx_policy_path_covers, "C:\\", "C:\\%X%\\..\\..", false},
    {sbx_policy_path_covers, "~", "~\\a", false},
    {sbx_policy_domain_covers, "*.a.example", "b.a.example", true},
    {sbx_policy_domain_covers, "*.a.example", "*.b.a.example", true},
    {sbx_policy_domain_covers, "*.a.example", "*.A.example", true},
    {sbx_policy_domain_covers, "*.a.example", "a.example", false},
    {sbx_policy_domain_covers, "*.a.example", "ba.example", false},
    {sbx_policy_domain_covers, "a.example", "*.a.example", false},
    {sbx_policy_domain_covers, "a.example", "a.example:80", true},
    {sbx_policy_domain_covers, "a.example:80", "a.example", false},
    {sbx_policy_domain_covers, "a.example:80", "a.example:443", false},
    {sbx_policy_env_covers, "A*", "AB*", true},
    {sbx_policy_env_covers, "AB*", "A*", false},
    {sbx_policy_env_covers, "A*C", "a*c", true},
    {sbx_policy_env_covers, "A", "*", false},
};

START_TEST(merge__containment__is_never_guessed)
{
    const struct covers *row = &covers[_i];

    ck_assert_msg(row->covers(row->bound, row->entry) == row->expected, "'%s' covers '%s'",
        row->bound, row->entry);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, merge__random_layers__never_exceed_the_machine);
    tcase_add_test(tcase, merge__random_workspace__never_widens);
    tcase_add_loop_test(tcase, merge__containment__is_never_guessed, 0, (int)countof(covers));
}

UNIT_MAIN("policy_merge_random", add_tests)

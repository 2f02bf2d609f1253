/*
 * Records as events of the Windows Event Log: identifiers that the message file has, strings that a
 * reader of the log takes nothing in for an insertion, and cuts that leave whole characters.
 */
#include "tests/support/unit.h"
#include "shared/core/eventtext.h"
#include "shared/core/json.h"
#include "shared/core/utf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGES "shared/events.mc"
#define ACTIONS 10u
#define CHAIN_BYTES 163u

static struct sbx_error err;
static struct sbx_buf text;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&text, 8u << 20);
}

static void teardown(void)
{
    sbx_buf_done(&text);
}

/* --- the message file --------------------------------------------------------------------------
 */

struct message {
    uint32_t id;
    char name[64];
    char words[200]; /* its first line */
};

static struct message messages[64];
static size_t message_count;

static unsigned severity_of(const char *word)
{
    static const char *const words[] = {"Success", "Informational", "Warning", "Error"};
    unsigned i;

    for (i = 0; i < countof(words); i++)
        if (strncmp(word, words[i], strlen(words[i])) == 0)
            return i;
    ck_abort_msg("severity '%s'", word);
    return 0;
}

/* Every message has all four lines, in their order; nothing is taken over from the one before. */
static void read_messages(void)
{
    FILE *file = fopen(MESSAGES, "rb");
    char line[400];
    bool in_text = false;

    ck_assert_msg(file != NULL, "%s: run from the project's root", MESSAGES);
    message_count = 0;
    while (fgets(line, sizeof(line), file)) {
        struct message *last = &messages[message_count ? message_count - 1 : 0];

        ck_assert_uint_lt(message_count, countof(messages));
        line[strcspn(line, "\r\n")] = '\0';
        if (in_text && strcmp(line, ".") == 0) {
            in_text = false;
        } else if (in_text && !last->words[0]) {
            snprintf(last->words, sizeof(last->words), "%.199s", line);
        } else if (strncmp(line, "MessageId=", 10) == 0) {
            last = &messages[message_count++];
            memset(last, 0, sizeof(*last));
            last->id = (uint32_t)strtoul(line + 10, NULL, 0);
        } else if (strncmp(line, "Severity=", 9) == 0) {
            last->id |= severity_of(line + 9) << 30;
        } else if (strncmp(line, "SymbolicName=", 13) == 0) {
            snprintf(last->name, sizeof(last->name), "%.63s", line + 13);
        } else if (strcmp(line, "Language=English") == 0) {
            in_text = true;
        }
    }
    fclose(file);
}

static const struct message *find(uint32_t id)
{
    size_t i;

    for (i = 0; i < message_count; i++)
        if (messages[i].id == id)
            return &messages[i];
    return NULL;
}

/* "run-ended" with a warning -> "SBX_EVENT_RUN_ENDED_WARNING" */
static void name_of(enum sbx_audit_action action, uint32_t id, char name[64])
{
    size_t i;

    snprintf(name, 64, "SBX_EVENT_%s%s", sbx_audit_action_name(action), id >> 31 ? "_WARNING" : "");
    for (i = 0; name[i]; i++)
        name[i] = (char)(name[i] == '-' ? '_' : toupper((unsigned char)name[i]));
}

START_TEST(ids__every_action_and_outcome__is_a_message_of_its_name)
{
    bool used[64] = {false};
    char name[64];
    unsigned action, outcome;
    size_t i;

    read_messages();
    ck_assert_uint_ge(message_count, ACTIONS);
    ck_assert_str_eq(sbx_audit_action_name((enum sbx_audit_action)(ACTIONS + 1)), "unknown");
    for (action = 1; action <= ACTIONS; action++) {
        for (outcome = SBX_OUTCOME_UNKNOWN; outcome <= SBX_OUTCOME_FAILURE; outcome++) {
            uint32_t id =
                sbx_event_id((enum sbx_audit_action)action, (enum sbx_audit_outcome)outcome);
            const struct message *message = find(id);

            ck_assert_msg(message != NULL, "no message 0x%x", id);
            ck_assert_uint_eq(id & 0xFFFF, action);
            name_of((enum sbx_audit_action)action, id, name);
            ck_assert_str_eq(message->name, name);
            used[message - messages] = true;
        }
    }
    for (i = 0; i < message_count; i++)
        ck_assert_msg(used[i], "%s is never written", messages[i].name);
}
END_TEST

START_TEST(ids__messages__are_different_and_show_the_record)
{
    size_t i, j;

    read_messages();
    for (i = 0; i < message_count; i++) {
        const char *words = messages[i].words;

        const size_t length = strlen(words);

        ck_assert_msg(length > 20 && strcmp(words + length - 7, ".%n%n%1") == 0, "%s", words);
        ck_assert_msg(strcspn(words, "%") == length - 6, "%s", words);
        for (j = 0; j < i; j++)
            ck_assert_msg(messages[i].id != messages[j].id &&
                              strcmp(messages[i].name, messages[j].name) != 0 &&
                              strcmp(messages[i].words, messages[j].words) != 0,
                "%s twice", messages[i].name);
    }
}
END_TEST

START_TEST(warning__what_was_refused_failed_or_was_not_whole)
{
    static const struct {
        enum sbx_audit_action action;
        enum sbx_audit_outcome outcome;
        bool warns;
    } rows[] = {
        {SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_UNKNOWN, false},
        {SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_SUCCESS, false},
        {SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_FAILURE, true},
        {SBX_AUDIT_RUN_DENIED, SBX_OUTCOME_FAILURE, true},
        {SBX_AUDIT_APPROVAL_ASKED, SBX_OUTCOME_UNKNOWN, false},
        {SBX_AUDIT_APPROVAL_DECIDED, SBX_OUTCOME_SUCCESS, false},
        {SBX_AUDIT_APPROVAL_DECIDED, SBX_OUTCOME_FAILURE, true},
        {SBX_AUDIT_GRANTS_CHANGED, SBX_OUTCOME_SUCCESS, false},
        {SBX_AUDIT_GRANTS_CHANGED, SBX_OUTCOME_FAILURE, true},
        {SBX_AUDIT_PROTECTED_NAME, SBX_OUTCOME_SUCCESS, false},
        {SBX_AUDIT_PROTECTED_NAME, SBX_OUTCOME_FAILURE, true},
        {SBX_AUDIT_SETUP_CHANGED, SBX_OUTCOME_UNKNOWN, false},
        {SBX_AUDIT_SETUP_CHANGED, SBX_OUTCOME_SUCCESS, false},
        {SBX_AUDIT_SETUP_CHANGED, SBX_OUTCOME_FAILURE, true},
        {SBX_AUDIT_LOG_REPAIRED, SBX_OUTCOME_SUCCESS, true},
        {SBX_AUDIT_LOG_RESTARTED, SBX_OUTCOME_SUCCESS, true},
    };
    size_t i;

    for (i = 0; i < countof(rows); i++) {
        ck_assert_msg(sbx_event_is_warning(rows[i].action, rows[i].outcome) == rows[i].warns, "%s",
            sbx_audit_action_name(rows[i].action));
        ck_assert_uint_eq(
            sbx_event_id(rows[i].action, rows[i].outcome) >> 30, rows[i].warns ? 2 : 1);
    }
}
END_TEST

/* --- the string --------------------------------------------------------------------------------
 */

/* No '%' at all, well-formed, short enough for one string. */
static void assert_fit(void)
{
    ck_assert(sbx_utf_is_valid(text.data, text.length_bytes));
    ck_assert(!memchr(text.data, '%', text.length_bytes));
    ck_assert(!memchr(text.data, '\n', text.length_bytes));
    ck_assert_uint_le(sbx_utf8_cch(text.data, text.length_bytes), SBX_EVENT_TEXT_MAX);
}

static void make_line(const char *argument, struct sbx_buf *line)
{
    const char *const argv[] = {"cmd", argument};
    struct sbx_audit_record record;
    struct sbx_audit_tip tip;

    sbx_audit_tip_init(&tip);
    sbx_audit_begin(&record, SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_UNKNOWN, 1700000000000u);
    sbx_audit_list(&record, "process", "args", argv, countof(argv));
    ck_assert_sbx_ok(sbx_audit_format(&record, &tip, line, &err), &err);
}

static const char *const insertions[] = {"%1", "%%1", "%n", "100%", "%", "%%", "%PATH%", "%0",
    "%1!s!", "\\%1", "\\\\%2", "\\u00251", "%\xf0\x9f\x98\x80%", "\t%1\"%2"};

START_TEST(text__nothing_is_an_insertion_and_the_json_says_the_same)
{
    const struct sbx_json_limits limits = {SBX_AUDIT_LINE_MAX, 8};
    const char *argument = insertions[_i], *found = NULL;
    struct sbx_json_at root, process = {0}, args = {0}, at = {0};
    struct sbx_buf line;
    struct cJSON *doc = NULL;

    sbx_buf_init(&line, SBX_AUDIT_LINE_MAX);
    make_line(argument, &line);
    ck_assert_sbx_ok(sbx_event_text(line.data, line.length_bytes, &text, &err), &err);
    assert_fit();
    ck_assert_sbx_ok(sbx_json_parse(text.data, text.length_bytes, &limits, &doc, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(doc, &root, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_object(&root, "process", &process, &err), &err);
    ck_assert_sbx_ok(sbx_json_get_array(&process, "args", &args, &err), &err);
    ck_assert(sbx_json_next(&args, &at) && sbx_json_next(&args, &at));
    ck_assert_sbx_ok(sbx_json_as_string(&at, 100, &found, &err), &err);
    ck_assert_str_eq(found, argument);
    sbx_json_free(doc);
    sbx_buf_done(&line);
}
END_TEST

/* At every length around the limit, with characters of one, two, three and four bytes, and '%'. */
START_TEST(text__around_the_limit__whole_characters_and_says_what_was_cut)
{
    static const char *const units[] = {
        "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "%", "a\xf0\x9f\x98\x80%"};
    const char *unit = units[_i];
    const size_t bytes = strlen(unit),
                 cch = unit[0] == '%' ? 6 : sbx_utf8_cch(unit, bytes) + (bytes > 5 ? 5 : 0);
    const size_t fit = SBX_EVENT_TEXT_MAX / cch;
    char *line = calloc(1, (fit + 9) * bytes + 8);
    size_t length = 0, count;

    ck_assert(line != NULL);
    for (count = 0; count < fit + 8; count++) {
        memcpy(line + length, unit, bytes);
        length += bytes;
        if (count + 8 < fit)
            continue;
        sbx_buf_clear(&text);
        ck_assert_sbx_ok(sbx_event_text(line, length, &text, &err), &err);
        assert_fit();
        ck_assert((strstr(text.data, "[cut: ") != NULL) == (count + 1 > fit));
    }
    free(line);
}
END_TEST

/* The numbers of the cut are true, and the chain is still there. */
START_TEST(text__record_of_the_largest_size__keeps_its_start_and_its_chain)
{
    struct sbx_buf line;
    char *argument = calloc(1, SBX_AUDIT_TEXT_MAX);
    const char *list[14], *mark;
    struct sbx_audit_record record;
    struct sbx_audit_tip tip;
    size_t i, left = 0, all = 0;

    ck_assert(argument != NULL);
    memset(argument, '%', SBX_AUDIT_TEXT_MAX - 1);
    for (i = 0; i < countof(list); i++)
        list[i] = argument;
    sbx_audit_tip_init(&tip);
    sbx_buf_init(&line, SBX_AUDIT_LINE_MAX);
    sbx_audit_begin(&record, SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_UNKNOWN, 1700000000000u);
    sbx_audit_list(&record, "process", "args", list, countof(list));
    sbx_audit_list(&record, "agent_sandbox", "roots", list, countof(list));
    ck_assert_sbx_ok(sbx_audit_format(&record, &tip, &line, &err), &err);
    ck_assert_sbx_ok(sbx_event_text(line.data, line.length_bytes, &text, &err), &err);
    assert_fit();
    mark = strstr(text.data, "... [cut: ");
    ck_assert(mark && sscanf(mark, "... [cut: %zu of %zu", &left, &all) == 2);
    ck_assert_uint_eq(all, line.length_bytes - 1);
    ck_assert(strncmp(text.data, line.data, 60) == 0);
    ck_assert_str_eq(text.data + text.length_bytes - CHAIN_BYTES,
        (line.data[line.length_bytes - 1] = '\0', line.data + line.length_bytes - 1 - CHAIN_BYTES));
    ck_assert(strncmp(text.data + text.length_bytes - CHAIN_BYTES, ",\"chain\":{", 10) == 0);
    /* what is there, unescaped, and what is left out make the whole */
    for (i = 0; text.data + i < mark; i++)
        if (text.data[i] == '\\')
            i += 5, left++;
        else
            left++;
    ck_assert_uint_eq(left + CHAIN_BYTES, all);
    sbx_buf_done(&line);
    free(argument);
}
END_TEST

START_TEST(text__ill_formed__refused)
{
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {{"a\xff", 2}, {"a\0b", 3}, {"\xed\xa0\x80", 3}, {"\xf0\x9f\x98", 3}};
    size_t i;

    for (i = 0; i < countof(rows); i++) {
        ck_assert_int_eq(sbx_event_text(rows[i].bytes, rows[i].length, &text, &err), SBX_INVALID);
        ck_assert_uint_eq(text.length_bytes, 0);
    }
    ck_assert_sbx_ok(sbx_event_text("{}\n", 3, &text, &err), &err);
    ck_assert_str_eq(text.data, "{}");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, ids__every_action_and_outcome__is_a_message_of_its_name);
    tcase_add_test(tcase, ids__messages__are_different_and_show_the_record);
    tcase_add_test(tcase, warning__what_was_refused_failed_or_was_not_whole);
    tcase_add_loop_test(tcase, text__nothing_is_an_insertion_and_the_json_says_the_same, 0,
        (int)countof(insertions));
    tcase_add_loop_test(
        tcase, text__around_the_limit__whole_characters_and_says_what_was_cut, 0, 6);
    tcase_add_test(tcase, text__record_of_the_largest_size__keeps_its_start_and_its_chain);
    tcase_add_test(tcase, text__ill_formed__refused);
}

UNIT_MAIN("eventtext", add_tests)

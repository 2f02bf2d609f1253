/* Parameters of a request as options: what they become, and what a request may not say. */
#include "agent/rpcargs.h"

#include "tests/support/unit.h"

static struct cJSON *root;
static struct sbx_strings argv;

static void teardown(void)
{
    sbx_json_free(root);
    root = NULL;
    sbx_strings_done(&argv);
}

static const char *const session[] = {"--profile", "read-only", "--allow-write=C:\\s",
    "--wine-unconfined", "--debug", "--timeout", "9"};
static const char *const own[] = {"argv"};

static enum sbx_status build(const char *verb, const char *json, bool no_options)
{
    struct sbx_json_at params;
    struct sbx_rpcargs args = {.row = sbx_verb_find(verb, NULL),
        .session_row = sbx_verb_find("serve", NULL),
        .session = session,
        .session_count = countof(session),
        .params = &params,
        .own = own,
        .own_count = countof(own),
        .no_options = no_options};

    ck_assert_int_eq(sbx_json_parse(json, strlen(json), NULL, &root, NULL), SBX_OK);
    ck_assert_int_eq(sbx_json_root_object(root, &params, NULL), SBX_OK);
    return sbx_rpcargs_build(&args, &argv, NULL);
}

/* All arguments, '|' between. */
static const char *joined(void)
{
    static char text[1024];
    size_t i;

    *text = '\0';
    for (i = 0; i < argv.count; i++) {
        strncat(text, argv.items[i], sizeof(text) - strlen(text) - 1);
        strncat(text, "|", sizeof(text) - strlen(text) - 1);
    }
    return text;
}

static const struct {
    const char *verb, *json, *wanted; /* NULL: refused */
    bool no_options;
} rows[] = {
    {"run", "{\"argv\":[\"x\"]}",
        "run|--profile=read-only|--allow-write=C:\\s|--wine-unconfined|--timeout=9|", false},
    {"run", "{\"profile\":\"workspace-write\",\"timeout\":0.5,\"allowWrite\":[\"a\",\"-b\"]}",
        "run|--allow-write=C:\\s|--wine-unconfined|--profile=workspace-write|--timeout=0.500|"
        "--allow-write=a|--allow-write=-b|",
        false},
    {"run", "{\"background\":true,\"maxProcesses\":7}",
        "run|--profile=read-only|--allow-write=C:\\s|--wine-unconfined|--timeout=9|--background|"
        "--max-processes=7|",
        false},
    {"run", "{\"background\":false}",
        "run|--profile=read-only|--allow-write=C:\\s|--wine-unconfined|--timeout=9|", false},
    /* `why` knows no --wine-unconfined */
    {"why", "{\"op\":\"read\"}",
        "why|--profile=read-only|--allow-write=C:\\s|--timeout=9|--op=read|", false},
    {"run", "{}", "run|--profile=read-only|--allow-write=C:\\s|--wine-unconfined|--timeout=9|",
        true},
    /* not for a request */
    {"run", "{\"wineUnconfined\":true}", NULL, false},
    {"run", "{\"result\":\"C:\\\\x\"}", NULL, false},
    {"run", "{\"dryRun\":true}", NULL, false},
    {"run", "{\"json\":true}", NULL, false},
    {"run", "{\"help\":true}", NULL, false},
    {"run", "{\"pipe\":\"x\"}", NULL, false},
    {"run", "{\"profile\":\"read-only\"}", NULL, true},
    /* not options */
    {"run", "{\"allow-write\":[\"a\"]}", NULL, false},
    {"run", "{\"--profile\":\"a\"}", NULL, false},
    {"run", "{\"Profile\":\"a\"}", NULL, false},
    {"run", "{\"\":1}", NULL, false},
    {"run", "{\"aVeryLongNameThatIsNoOptionAtAllAndDoesNotFitAnywhereInHere\":1}", NULL, false},
    /* wrong values */
    {"run", "{\"background\":1}", NULL, false},
    {"run", "{\"background\":\"true\"}", NULL, false},
    {"run", "{\"profile\":[\"read-only\"]}", NULL, false},
    {"run", "{\"profile\":\"\"}", NULL, false},
    {"run", "{\"profile\":null}", NULL, false},
    {"run", "{\"timeout\":-1}", NULL, false},
    {"run", "{\"timeout\":1e300}", NULL, false},
    {"run", "{\"allowWrite\":[[\"a\"]]}", NULL, false},
    {"run", "{\"allowWrite\":{\"a\":1}}", NULL, false},
};

START_TEST(rpcargs__table__as_expected)
{
    enum sbx_status status = build(rows[_i].verb, rows[_i].json, rows[_i].no_options);

    if (rows[_i].wanted) {
        ck_assert_msg(status == SBX_OK, "%s", rows[_i].json);
        ck_assert_str_eq(joined(), rows[_i].wanted);
    } else {
        ck_assert_msg(status == SBX_INVALID, "%s", rows[_i].json);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, rpcargs__table__as_expected, 0, (int)countof(rows));
}

UNIT_MAIN("rpcargs", add_tests)

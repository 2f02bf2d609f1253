/* pipeclient: whom `agent serve --pipe` takes for its client. */
#include "shared/core/pipeclient.h"

#include "tests/support/unit.h"

#define ME "S-1-5-21-1-2-3-1001"

static const struct {
    const char *user;
    bool restricted;
    const char *refusal; /* NULL: served */
} clients[] = {
    {ME, false, NULL},
    {ME, true, "in a sandbox"},
    {"S-1-5-21-1-2-3-1002", false, "another user"},
    {"S-1-5-21-1-2-3-1002", true, "another user"},
    {"S-1-5-21-9-2-3-1001", false, "another user"}, /* the same number of another machine */
    {"S-1-5-21-1-2-3", false, "another user"},      /* the machine itself */
    {"S-1-5-21-1-2-3-1001-1", false, "another user"},
    {"S-1-5-18", false, "another user"},
    {"S-1-5-32-544", false, "another user"},
    {"S-1-1-0", false, "another user"},
};

START_TEST(client__row__served_or_refused_with_the_reason)
{
    struct sbx_pipeclient client = {.pid = 4711, .is_restricted = clients[_i].restricted};
    struct sbx_sid server;
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_sid_parse(ME, &server, &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse(clients[_i].user, &client.user, &err), &err);
    status = sbx_pipeclient_check(&server, &client, &err);
    if (!clients[_i].refusal) {
        ck_assert_sbx_ok(status, &err);
        return;
    }
    ck_assert_int_eq(status, SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, clients[_i].refusal));
    ck_assert_ptr_nonnull(strstr(err.context, "process 4711 may not use the pipe"));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(
        tcase, client__row__served_or_refused_with_the_reason, 0, (int)countof(clients));
}

UNIT_MAIN("pipeclient", add_tests)

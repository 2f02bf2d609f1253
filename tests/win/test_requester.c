/*
 * The pipe between agent and set-up, from set-up's side, with a hostile agent on the other end:
 * this program plays both, the agent in a thread.
 */
#include "tests/support/unit.h"

#include "setup/requester.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"
#include "shared/win/pipe.h"
#include "shared/win/thread.h"
#include "tests/support/win/child.h"

#include <stdio.h>

#define GOOD "{\"version\":1,\"mode\":\"install\",\"accounts\":2,\"proxyFirst\":0,\"proxyLast\":0}"

static struct sbx_error err;
static struct sbx_named_pipe server;
static struct sbx_requester requester;
static struct sbx_setup_request request;
static HANDLE thread;
static char name[128];

/* What the hostile agent writes; then it reads one event frame if asked to, and closes. */
static struct {
    const char *bytes;
    size_t length_bytes;
    bool reads;
    char got[4096];
    size_t got_bytes;
} agent;

static DWORD WINAPI play_agent(void *context)
{
    uint8_t prefix[4];
    uint32_t length = 0;

    (void)context;
    if (sbx_named_pipe_accept(&server, 10000, NULL))
        return 1;
    if (agent.length_bytes &&
        sbx_named_pipe_write(&server, agent.bytes, agent.length_bytes, 5000, NULL))
        return 2;
    if (agent.reads && !sbx_named_pipe_read(&server, prefix, 4, 10000, NULL) &&
        !sbx_frame_length(prefix, &length, NULL) && length < sizeof(agent.got) &&
        !sbx_named_pipe_read(&server, agent.got, length, 5000, NULL))
        agent.got_bytes = length;
    if (!agent.reads) /* the client reads what was written before the end */
        FlushFileBuffers(server.handle);
    sbx_named_pipe_close(&server);
    return 0;
}

static void setup(void)
{
    static unsigned number;
    struct sbx_sd_people people = {0};
    struct sbx_buf bytes;

    sbx_error_init(&err);
    memset(&agent, 0, sizeof(agent));
    memset(&requester, 0, sizeof(requester));
    memset(&request, 0, sizeof(request));
    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_sid_of_current_user(&people.sid[SBX_WHO_USER], &err), &err);
    ck_assert_sbx_ok(sbx_sd_build_bytes(&sbx_sd_private_pipe, &people, &bytes, &err), &err);
    snprintf(name, sizeof(name), "\\\\.\\pipe\\agent-sandbox-setup-%024lx%08x",
        (unsigned long)GetCurrentProcessId(), number++);
    ck_assert_sbx_ok(
        sbx_named_pipe_listen(name, (PSECURITY_DESCRIPTOR)(void *)bytes.data, &server, &err), &err);
    sbx_buf_done(&bytes);
}

static void teardown(void)
{
    sbx_requester_close(&requester);
    if (thread)
        WaitForSingleObject(thread, 20000);
    sbx_handle_close(&thread);
    sbx_named_pipe_close(&server);
    sbx_setup_request_done(&request);
}

static enum sbx_status talk(const void *bytes, size_t length_bytes, bool reads)
{
    agent.bytes = bytes;
    agent.length_bytes = length_bytes;
    agent.reads = reads;
    ck_assert_sbx_ok(sbx_thread_start(play_agent, NULL, &thread, &err), &err);
    return sbx_requester_open(name, &requester, &request, &err);
}

static size_t frame(const char *json, char *ret, size_t size_bytes)
{
    size_t length = strlen(json);

    ck_assert_uint_lt(length + 4, size_bytes);
    ret[0] = (char)length;
    ret[1] = (char)(length >> 8);
    ret[2] = (char)(length >> 16);
    ret[3] = (char)(length >> 24);
    memcpy(ret + 4, json, length);
    return length + 4;
}

/* Set-up refuses a peer whose restrictions it cannot ask about, and stock Wine cannot say. */
static bool restrictions_can_be_asked(void)
{
    HANDLE token = NULL;
    bool restricted = false;
    bool can = !sbx_token_open_self(TOKEN_QUERY, &token, NULL) &&
               !sbx_token_is_restricted(token, &restricted, NULL);

    sbx_handle_close(&token);
    return can;
}

START_TEST(open__our_agent__user_is_the_token_s_and_request_is_read)
{
    struct sbx_setup_event event = {.kind = SBX_SETUP_EVENT_RESULT, .ok = true};
    struct sbx_setup_event back = {0};
    struct sbx_sid user;
    char bytes[512];

    if (!restrictions_can_be_asked())
        UNIT_SKIP("IsTokenRestricted is not there: the peer is refused");
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    ck_assert_sbx_ok(talk(bytes, frame(GOOD, bytes, sizeof(bytes)), true), &err);
    ck_assert(sbx_sid_equal(&requester.user, &user));
    ck_assert_int_eq(request.mode, SBX_SETUP_INSTALL);
    ck_assert_uint_eq(request.accounts, 2);
    sbx_requester_send(&requester, &event);
    WaitForSingleObject(thread, 20000);
    ck_assert(!requester.gone);
    ck_assert_sbx_ok(sbx_setup_event_decode(agent.got, agent.got_bytes, &back, &err), &err);
    ck_assert(back.ok);
    sbx_setup_event_done(&back);
}
END_TEST

/* The user's own token, restricted or not. */
static HANDLE token_of_agent(bool restricted)
{
    struct sbx_sid_native user_native, everyone_native;
    SID_AND_ATTRIBUTES sids[2] = {{NULL, 0}, {NULL, 0}};
    HANDLE own = NULL, made = NULL;
    struct sbx_sid user;

    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    sids[0].Sid = sbx_sid_to_native(&user, &user_native);
    sids[1].Sid = sbx_sid_to_native(&sbx_sid_everyone, &everyone_native);
    ck_assert_sbx_ok(sbx_token_open_self(TOKEN_QUERY | TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY |
                                             TOKEN_ADJUST_DEFAULT,
                         &own, &err),
        &err);
    ck_assert(CreateRestrictedToken(own, restricted ? WRITE_RESTRICTED : 0u, 0, NULL, 0, NULL,
        restricted ? countof(sids) : 0u, sids, &made));
    sbx_handle_close(&own);
    return made;
}

/* The agent is another process, as it is in life, and what it asks for is as it should be. */
static enum sbx_status asked_by(HANDLE agent_token)
{
    const char *argv[] = {"setupchild", "listen", NULL, NULL};
    struct sbx_spawn spawn = child_request(argv, countof(argv));
    char bytes[512], hex[1024], image[800], ready[5], its_name[128];
    struct sbx_process process = {0};
    size_t length = frame(GOOD, bytes, sizeof(bytes)), i;
    struct sbx_pipe pipe = {0};
    enum sbx_status status;

    for (i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
    snprintf(image, sizeof(image), "%s\\setupchild.exe", child_directory());
    snprintf(its_name, sizeof(its_name), "%s", name);
    its_name[strlen(its_name) - 9] = 'f'; /* the other one is this process's */
    argv[2] = its_name;
    argv[3] = hex;
    ck_assert_sbx_ok(sbx_pipe_new(0, &pipe, &err), &err);
    spawn.image = image;
    spawn.token = agent_token;
    spawn.std_out = pipe.write;
    spawn.options &= ~(unsigned)SBX_SPAWN_RUN;
    ck_assert_sbx_ok(sbx_spawn_create(&spawn, &process, &err), &err);
    ck_assert_sbx_ok(sbx_process_resume(&process, &err), &err);
    ck_assert_sbx_ok(sbx_pipe_read_exact(pipe.read, ready, sizeof(ready), 30000, &err), &err);
    ck_assert_msg(!memcmp(ready, "ready", 5), "it said %.5s", ready);
    status = sbx_requester_open(its_name, &requester, &request, &err);
    sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    sbx_pipe_close(&pipe);
    return status;
}

START_TEST(open__peer_in_a_sandbox__denied)
{
    HANDLE whole, restricted;

    if (!restrictions_can_be_asked())
        UNIT_SKIP("IsTokenRestricted is not there: every peer is refused");
    whole = token_of_agent(false);
    restricted = token_of_agent(true);
    ck_assert_int_eq(asked_by(restricted), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "runs in a sandbox"));
    ck_assert_uint_eq(request.accounts, 0);
    sbx_requester_close(&requester);
    sbx_error_init(&err);
    ck_assert_sbx_ok(asked_by(whole), &err); /* the twin */
    ck_assert_uint_eq(request.accounts, 2);
    sbx_handle_close(&whole);
    sbx_handle_close(&restricted);
}
END_TEST

/* An agent that goes away does not stop the run that it asked for. */
START_TEST(send__agent_gone__is_remembered)
{
    struct sbx_setup_event event = {.kind = SBX_SETUP_EVENT_RESULT, .ok = true};
    char bytes[512];
    int i;

    if (!restrictions_can_be_asked())
        UNIT_SKIP("IsTokenRestricted is not there: the peer is refused");
    ck_assert_sbx_ok(talk(bytes, frame(GOOD, bytes, sizeof(bytes)), false), &err);
    WaitForSingleObject(thread, 20000);
    for (i = 0; i < 3; i++)
        sbx_requester_send(&requester, &event);
    ck_assert(requester.gone);
}
END_TEST

static const char *const bad_names[] = {
    "",
    "x",
    "\\\\.\\pipe\\other",
    "\\\\.\\pipe\\agent-sandbox-setup-",
    "\\\\.\\pipe\\agent-sandbox-setup-0123456789abcdef0123456789abcdeF",
    "\\\\.\\pipe\\agent-sandbox-setup-0123456789abcdef0123456789abcdef0",
    "\\\\.\\pipe\\agent-sandbox-setup-0123456789abcdef0123456789abcde\\",
    "\\\\server\\pipe\\agent-sandbox-setup-0123456789abcdef0123456789abcdef",
    "\\\\?\\pipe\\agent-sandbox-setup-0123456789abcdef0123456789abcdef",
    "\\\\.\\C:\\agent-sandbox-setup-0123456789abcdef0123456789abcdef",
};

START_TEST(open__name_that_no_agent_makes__not_even_tried)
{
    ck_assert_msg(sbx_requester_open(bad_names[_i], &requester, &request, &err) == SBX_INVALID,
        "%s", bad_names[_i]);
    ck_assert_ptr_null(requester.pipe.handle);
}
END_TEST

static const struct {
    const char *what;
    const char *bytes;
    size_t length_bytes;
} hostile[] = {
    {"nothing", "", 0},
    {"half a length", "\x10", 2},
    {"no bytes", "\0\0\0\0", 4},
    {"4 GiB", "\xff\xff\xff\xff", 4},
    {"more than a request may have", "\x01\x00\x02\x00", 4},
    {"less than was said", "\x40\0\0\0{\"version\":1", 16},
    {"no JSON", "\x04\0\0\0abcd", 8},
    {"an array", "\x02\0\0\0[]", 6},
    {"an operator of its choice", "\x2b\0\0\0{\"version\":1,\"operator\":\"S-1-5-32-545\"     }",
        47},
};

START_TEST(open__hostile_frame__refused)
{
    struct sbx_setup_request empty = {0};

    ck_assert_msg(
        talk(hostile[_i].bytes, hostile[_i].length_bytes, false) != SBX_OK, "%s", hostile[_i].what);
    ck_assert_mem_eq(&request, &empty, sizeof(empty));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, open__our_agent__user_is_the_token_s_and_request_is_read);
    tcase_add_test(tcase, open__peer_in_a_sandbox__denied);
    tcase_add_test(tcase, send__agent_gone__is_remembered);
    tcase_add_loop_test(
        tcase, open__name_that_no_agent_makes__not_even_tried, 0, (int)countof(bad_names));
    tcase_add_loop_test(tcase, open__hostile_frame__refused, 0, (int)countof(hostile));
}

UNIT_MAIN("requester", add_tests)

/* See requester.h. */
#include "requester.h"

#include "shared/win/handle.h"
#include "shared/win/privilege.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"

#define PREFIX "\\\\.\\pipe\\agent-sandbox-setup-"
#define NAME_DIGITS 32u
#define CONNECT_MS 10000u
#define READ_MS 10000u
#define SEND_MS 10000u

/* MUST 1. */
static bool is_our_name(const char *name)
{
    size_t i;

    if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0 ||
        strlen(name) != sizeof(PREFIX) - 1 + NAME_DIGITS)
        return false;
    for (i = sizeof(PREFIX) - 1; name[i]; i++) {
        if (!((name[i] >= '0' && name[i] <= '9') || (name[i] >= 'a' && name[i] <= 'f')))
            return false;
    }
    return true;
}

/* --- MUST 3 ----------------------------------------------------------------------------------- */

/* The agent locks its process against others; an administrator of another name needs SeDebug. */
static void enable_debug(void)
{
    HANDLE token = NULL;

    if (sbx_token_open_self(TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token, NULL))
        return;
    (void)!sbx_privilege_set(token, "SeDebugPrivilege", true, NULL);
    sbx_handle_close(&token);
}

static enum sbx_status open_token(uint32_t pid, HANDLE *ret_token, struct sbx_error *err)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    enum sbx_status status = SBX_OK;

    if (!process) {
        enable_debug();
        process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
        if (!process)
            status = sbx_fail_win32(
                err, GetLastError(), "open the process that asks (%lu)", (unsigned long)pid);
    }
    if (!status)
        status = sbx_token_open(process, TOKEN_QUERY, ret_token, err);
    sbx_handle_close(&process);
    if (status)
        sbx_error_hint(err, "an administrator can name the user instead: sandbox-setup provision "
                            "--operator DOMAIN\\user");
    return status;
}

/* A number that an older kernel does not know is 0: it has no AppContainers then. */
static bool in_container(HANDLE token)
{
    uint32_t number = 0;

    return !sbx_token_number(token, TokenIsAppContainer, &number, NULL) && number;
}

static enum sbx_status find_user(struct sbx_requester *requester, struct sbx_error *err)
{
    bool restricted = true;
    HANDLE token = NULL;
    uint32_t pid = 0;
    enum sbx_status status = sbx_named_pipe_peer(&requester->pipe, &pid, err);

    if (!status)
        status = open_token(pid, &token, err);
    if (!status)
        status = sbx_sid_of_token(token, &requester->user, err);
    if (!status)
        status = sbx_token_is_restricted(token, &restricted, err);
    if (!status && (restricted || in_container(token)))
        status = sbx_fail(err, SBX_DENIED, "who asks runs in a sandbox");
    sbx_handle_close(&token);
    return status;
}

/* --- the request ------------------------------------------------------------------------------ */

/* MUST 4. */
static enum sbx_status read_request(
    struct sbx_requester *requester, struct sbx_setup_request *ret_request, struct sbx_error *err)
{
    uint8_t prefix[4];
    uint32_t length = 0;
    char *json = NULL;
    enum sbx_status status =
        sbx_named_pipe_read(&requester->pipe, prefix, sizeof(prefix), READ_MS, err);

    if (!status)
        status = sbx_frame_length(prefix, &length, err);
    if (!status && length > SBX_SETUP_REQUEST_MAX_BYTES)
        status = sbx_fail(err, SBX_INVALID, "the request has %lu bytes (allowed: %u)",
            (unsigned long)length, SBX_SETUP_REQUEST_MAX_BYTES);
    if (!status)
        status = sbx_calloc(length, 1, &json, err);
    if (!status)
        status = sbx_named_pipe_read(&requester->pipe, json, length, READ_MS, err);
    if (!status)
        status = sbx_setup_request_decode(json, length, ret_request, err);
    free(json);
    return status;
}

enum sbx_status sbx_requester_open(const char *name, struct sbx_requester *requester,
    struct sbx_setup_request *ret_request, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    memset(requester, 0, sizeof(*requester));
    if (!is_our_name(name))
        return sbx_fail(err, SBX_INVALID, "'%.64s' is no pipe of the agent", name);
    status = sbx_named_pipe_connect(name, CONNECT_MS, 0, &requester->pipe, err);
    if (!status)
        status = find_user(requester, err);
    if (!status)
        status = read_request(requester, ret_request, err);
    if (status)
        sbx_error_context(err, "request");
    return status;
}

void sbx_requester_send(struct sbx_requester *requester, const struct sbx_setup_event *event)
{
    struct sbx_buf frame;

    if (requester->gone || !requester->pipe.handle)
        return;
    sbx_buf_init(&frame, SBX_SETUP_EVENT_MAX_BYTES + 4);
    if (sbx_setup_event_encode(event, &frame, NULL) ||
        sbx_named_pipe_write(&requester->pipe, frame.data, frame.length_bytes, SEND_MS, NULL))
        requester->gone = true;
    sbx_buf_done(&frame);
}

void sbx_requester_close(struct sbx_requester *requester)
{
    sbx_named_pipe_close(&requester->pipe);
}

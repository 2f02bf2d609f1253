/*
 * The outside half of tests/elevated: accounts without setup, and commands through the chain.
 *
 *   hopdriver make DIR SOURCE OPERATOR-SID   as administrator: group, two accounts, DIR with a copy
 *                                            of SOURCE and the sealed credentials; prints
 *                                            "NAME SID" lines
 *   hopdriver sids                           prints the user's SID, and NAME SID of group, accounts
 *   hopdriver run DIR ACCOUNT [WORD=VALUE...] -- IMAGE ARGS...
 *                                            one command; its output is ours; the result is one
 * line on standard error; exit code: the command's, 125 when the chain failed hopdriver many DIR
 * ACCOUNT N [WORD=VALUE...] -- IMAGE ARGS... N of them at once; prints "ok N" or what differed
 *
 * Words: recipe=strict|isolated|standard, timeout=MS, cap=SID, cwd=PATH, sid=SID (account SID to
 * claim), group=SID, background=1, stage=confine, wait=MS (for the result; then the runner is
 * ended).
 */
#include "runner/hop.h"
#include "shared/core/capsid.h"
#include "shared/core/credential.h"
#include "shared/core/envblock.h"
#include "shared/core/password.h"
#include "shared/win/account.h"
#include "shared/win/handle.h"
#include "shared/win/hardening.h"
#include "shared/win/known.h"
#include "shared/win/random.h"
#include "shared/win/rights.h"
#include "shared/win/seal.h"
#include "shared/win/sid.h"
#include "shared/win/statefile.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define GROUP "AgentSandboxUsers"
static const char *const accounts[] = {"AgentSandboxOffline", "AgentSandboxOnline"};

static struct sbx_error err;

static int fail(const char *what)
{
    char text[1400];

    sbx_error_format(&err, text, sizeof(text));
    fprintf(stderr, "hopdriver: %s: %s\n", what, text);
    return 125;
}

/* --- make ---------------------------------------------------------------------------------------
 */

static enum sbx_status allow(
    struct sbx_acl *dacl, uint8_t type, uint32_t mask, const struct sbx_sid *sid)
{
    struct sbx_ace ace = sbx_ace_make(type, 0, mask, sid);

    return sbx_acl_insert(dacl, dacl->count, &ace, &err);
}

/* Design 5: SYSTEM and administrators full, the operator reads, the group is denied. */
static enum sbx_status write_credentials(const char *dir, const struct sbx_credentials *all,
    const struct sbx_sid *operator_sid, const struct sbx_sid *service, const struct sbx_sid *group)
{
    struct sbx_descriptor descriptor = {0};
    enum sbx_status status;
    struct sbx_buf text;
    char path[1024];

    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    descriptor.control = SBX_SD_DACL_PROTECTED;
    descriptor.has_owner = true;
    descriptor.owner = sbx_sid_administrators;
    status = allow(&descriptor.dacl, SBX_ACE_DENY, SBX_FILE_ALL, group);
    if (!status)
        status = allow(&descriptor.dacl, SBX_ACE_ALLOW, SBX_FILE_ALL, &sbx_sid_system);
    if (!status)
        status = allow(&descriptor.dacl, SBX_ACE_ALLOW, SBX_FILE_ALL, &sbx_sid_administrators);
    if (!status)
        status = allow(&descriptor.dacl, SBX_ACE_ALLOW, SBX_FILE_GENERIC_READ, operator_sid);
    if (!status)
        status = allow(&descriptor.dacl, SBX_ACE_ALLOW, SBX_FILE_GENERIC_READ, service);
    if (!status)
        status = sbx_credentials_format(all, &text, &err);
    snprintf(path, sizeof(path), "%s\\secrets\\credentials.json", dir);
    if (!status)
        status = sbx_statefile_write(path, &descriptor, text.data, text.length_bytes, &err);
    sbx_descriptor_done(&descriptor);
    sbx_buf_wipe(&text);
    return status;
}

/* For the test that looks for it afterwards: every byte changed, so that this file is no finding.
 */
static void keep_disguised(const char *dir, const char *name, const char *password)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof(path), "%s\\disguised-%s.txt", dir, name);
    file = fopen(path, "wb");
    if (!file)
        return;
    for (; *password; password++)
        fprintf(file, "%02x", (unsigned)(unsigned char)(*password ^ 0x5A));
    fclose(file);
}

static enum sbx_status make_account(
    const char *dir, const char *name, struct sbx_credentials *all, char sid[SBX_SID_TEXT_SIZE])
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    char password[SBX_PASSWORD_SIZE];
    struct sbx_account_facts facts = {0};
    struct sbx_buf blob;
    enum sbx_status status = sbx_random_bytes(random, sizeof(random), &err);

    sbx_buf_init(&blob, SBX_CREDENTIAL_BLOB_MAX_BYTES);
    if (!status)
        status = sbx_password_make(random, sizeof(random), password, &err);
    if (!status)
        status = sbx_account_user_create(name, "test", password, &facts, &err);
    if (!status)
        status = sbx_account_group_add(GROUP, &facts.sid, &err);
    if (!status)
        status = sbx_account_user_enable(name, &facts.sid, true, &err);
    if (!status)
        status = sbx_seal_password(&facts.sid, password, &blob, &err);
    if (!status) {
        sbx_sid_format(&facts.sid, sid);
        status = sbx_credentials_set(all, name, sid, blob.data, blob.length_bytes, &err);
    }
    if (!status)
        keep_disguised(dir, name, password);
    sbx_wipe(password, sizeof(password));
    sbx_buf_wipe(&blob);
    return status;
}

/* An operator whose token has the two privileges that a service's has. */
static enum sbx_status make_service_user(struct sbx_sid *ret_sid)
{
    static const char *const privileges[] = {
        "SeAssignPrimaryTokenPrivilege", "SeIncreaseQuotaPrivilege"};
    struct sbx_account_facts facts = {0};
    enum sbx_status status =
        sbx_account_user_create("ServiceUser", "test", "Service-1-Password", &facts, &err);

    if (!status)
        status = sbx_account_user_enable("ServiceUser", &facts.sid, true, &err);
    if (!status)
        status = sbx_rights_add(&facts.sid, privileges, countof(privileges), &err);
    *ret_sid = facts.sid;
    return status;
}

static int make(char **argv)
{
    char path[1024], text[SBX_SID_TEXT_SIZE];
    struct sbx_credentials all = {0};
    struct sbx_sid group, operator_sid, service;
    size_t i;

    snprintf(path, sizeof(path), "%s\\secrets", argv[2]);
    CreateDirectoryA(argv[2], NULL);
    CreateDirectoryA(path, NULL);
    snprintf(path, sizeof(path), "%s\\command-runner.exe", argv[2]);
    if (!CopyFileA(argv[3], path, FALSE)) {
        sbx_fail_win32(&err, GetLastError(), "copy '%s' to '%s'", argv[3], path);
        return fail("make");
    }
    if (sbx_sid_parse(argv[4], &operator_sid, &err) ||
        sbx_account_group_create(GROUP, "test", &group, &err))
        return fail("make");
    sbx_sid_format(&group, text);
    printf("%s %s\n", GROUP, text);
    for (i = 0; i < countof(accounts); i++) {
        if (make_account(argv[2], accounts[i], &all, text))
            return fail(accounts[i]);
        printf("%s %s\n", accounts[i], text);
    }
    if (make_service_user(&service))
        return fail("service user");
    return write_credentials(argv[2], &all, &operator_sid, &service, &group) ? fail("credentials")
                                                                             : 0;
}

static int sids(void)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;
    size_t i;

    if (sbx_sid_of_current_user(&sid, &err))
        return fail("user");
    sbx_sid_format(&sid, text);
    printf("user %s\n", text);
    if (!sbx_sid_from_account(GROUP, &sid, NULL, &err)) {
        sbx_sid_format(&sid, text);
        printf("%s %s\n", GROUP, text);
    }
    for (i = 0; i < countof(accounts); i++) {
        if (sbx_sid_from_account(accounts[i], &sid, NULL, &err))
            continue;
        sbx_sid_format(&sid, text);
        printf("%s %s\n", accounts[i], text);
    }
    return 0;
}

/* --- run ----------------------------------------------------------------------------------------
 */

struct order {
    struct sbx_request request;
    char runner[1024];
    uint32_t wait_ms;
    unsigned count;
};

static char *copy(const char *text)
{
    char *result = NULL;

    return sbx_strdup(text, &result, &err) ? NULL : result;
}

static char *sid_of_account(const char *name)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;

    if (sbx_sid_from_account(name, &sid, NULL, &err))
        return NULL;
    sbx_sid_format(&sid, text);
    return copy(text);
}

static void set(char **member, const char *value)
{
    free(*member);
    *member = copy(value);
}

static bool word(struct order *order, const char *text)
{
    struct sbx_request *request = &order->request;
    const char *value = strchr(text, '=');
    size_t length;

    if (!value)
        return false;
    length = (size_t)(value++ - text);
    if (!strncmp(text, "recipe", length))
        request->recipe = !strcmp(value, "strict")     ? SBX_TOKEN_STRICT
                          : !strcmp(value, "isolated") ? SBX_TOKEN_ISOLATED
                                                       : SBX_TOKEN_STANDARD;
    else if (!strncmp(text, "timeout", length))
        request->limits.timeout_ms = strtoul(value, NULL, 10);
    else if (!strncmp(text, "cap", length))
        return !sbx_strings_add(&request->capability_sids, value, &err);
    else if (!strncmp(text, "cwd", length))
        set(&request->cwd, value);
    else if (!strncmp(text, "sid", length)) {
        set(&request->account_sid, value);
        set(&request->user_sid, value);
    } else if (!strncmp(text, "group", length))
        set(&request->group_sid, value);
    else if (!strncmp(text, "unelevated", length)) { /* as this user or, for a refusal, another */
        request->mode = SBX_MODE_UNELEVATED;
        set(&request->user_sid, value);
    } else if (!strncmp(text, "background", length))
        request->background = value[0] == '1';
    else if (!strncmp(text, "stage", length)) {
        request->stage = SBX_STAGE_CONFINE;
        set(&request->desktop_path, "WinSta0\\SbxRun-1");
    } else if (!strncmp(text, "wait", length))
        order->wait_ms = strtoul(value, NULL, 10);
    else
        return false;
    return true;
}

static enum sbx_status new_run_sid(struct sbx_request *request)
{
    char text[SBX_SID_TEXT_SIZE];
    uint8_t random[16];
    struct sbx_sid sid;
    enum sbx_status status = sbx_random_bytes(random, sizeof(random), &err);

    sbx_capsid_for_run(random, &sid);
    sbx_sid_format(&sid, text);
    set(&request->run_sid, text);
    return status;
}

/* What a program needs to start, and one variable that the child can show. */
static enum sbx_status fill_environment(struct sbx_env *env)
{
    static const char *const names[] = {"SystemRoot", "SystemDrive", "windir", "ComSpec", "PATH"};
    enum sbx_status status = sbx_env_set(env, "SBX_GIVEN", "yes", &err);
    size_t i;

    for (i = 0; i < countof(names) && !status; i++)
        if (getenv(names[i]))
            status = sbx_env_set(env, names[i], getenv(names[i]), &err);
    return status;
}

static int read_order(int argc, char **argv, int at, struct order *order)
{
    struct sbx_request *request = &order->request;
    enum sbx_status status;

    request->stage = SBX_STAGE_LAUNCH;
    request->mode = SBX_MODE_ELEVATED;
    request->recipe = SBX_TOKEN_STANDARD;
    request->desktop = SBX_DESKTOP_PRIVATE;
    request->limits.ui = SBX_UI_ENFORCE;
    order->wait_ms = 60000;
    snprintf(order->runner, sizeof(order->runner), "%s\\command-runner.exe", argv[2]);
    request->account = copy(argv[3]);
    set(&request->cwd, "C:\\windows\\system32");
    for (; at < argc && strcmp(argv[at], "--"); at++)
        if (!word(order, argv[at]))
            return fail(argv[at]);
    /* Asked for only when not given: the double of the look-up reads the machine's whole state,
     * passwords included, into this process. */
    if (!request->account_sid) {
        request->account_sid = sid_of_account(argv[3]);
        request->user_sid = sid_of_account(argv[3]);
    }
    if (!request->group_sid)
        request->group_sid = sid_of_account(GROUP);
    if (++at >= argc || !request->account_sid || !request->group_sid)
        return fail("no program, or no such account");
    if (request->mode == SBX_MODE_UNELEVATED) {
        free(request->account);
        free(request->account_sid);
        free(request->group_sid);
        request->account = request->account_sid = request->group_sid = NULL;
    }
    request->image = copy(argv[at]);
    status = new_run_sid(request);
    if (!status)
        status = fill_environment(&request->environment);
    for (; at < argc && !status; at++)
        status = sbx_strings_add(&request->argv, argv[at], &err);
    return status ? fail("request") : 0;
}

static void show(const struct sbx_reply *reply)
{
    char text[1400] = "";

    if (reply->ended == SBX_ENDED_FAILED)
        sbx_error_format(&reply->error, text, sizeof(text));
    fprintf(stderr,
        "result: ended=%s status=%s code=%lu confined=%d names=%s platform=%s unproved=%zu "
        "%s\n",
        sbx_ended_name(reply->ended), sbx_status_name(reply->error.status),
        (unsigned long)reply->exit_code, reply->confined,
        sbx_named_objects_name(reply->named_objects), reply->platform, reply->unproved.count, text);
    fprintf(stderr,
        "times: request=%llu token=%llu created=%llu resumed=%llu exited=%llu done=%llu\n",
        (unsigned long long)reply->times.request, (unsigned long long)reply->times.token,
        (unsigned long long)reply->times.created, (unsigned long long)reply->times.resumed,
        (unsigned long long)reply->times.exited, (unsigned long long)reply->times.done);
}

static int run_one(struct order *order)
{
    struct sbx_reply reply;
    int code;

    order->request.stdin_handle = (uint64_t)(uintptr_t)GetStdHandle(STD_INPUT_HANDLE);
    order->request.stdout_handle = (uint64_t)(uintptr_t)GetStdHandle(STD_OUTPUT_HANDLE);
    order->request.stderr_handle = (uint64_t)(uintptr_t)GetStdHandle(STD_ERROR_HANDLE);
    if (sbx_hop_run(order->runner, &order->request, order->wait_ms, &reply, &err))
        return fail("run");
    show(&reply);
    code = reply.ended == SBX_ENDED_FAILED ? 125 : (int)reply.exit_code;
    sbx_reply_done(&reply);
    return code;
}

static CRITICAL_SECTION lock;
static unsigned good;

static DWORD WINAPI one_of_many(void *context)
{
    struct order order = *(struct order *)context;
    struct sbx_reply reply;
    struct sbx_error own;
    char text[1400];

    sbx_error_init(&own);
    EnterCriticalSection(&lock);
    order.request.run_sid = NULL;
    if (new_run_sid(&order.request))
        fail("run SID");
    LeaveCriticalSection(&lock);
    if (sbx_hop_run(order.runner, &order.request, order.wait_ms, &reply, &own)) {
        sbx_error_format(&own, text, sizeof(text));
    } else {
        if (reply.ended == SBX_ENDED_EXIT && reply.exit_code == 7 && reply.confined)
            InterlockedIncrement((volatile LONG *)&good);
        else
            show(&reply);
        text[0] = '\0';
        sbx_reply_done(&reply);
    }
    EnterCriticalSection(&lock);
    if (text[0])
        fprintf(stderr, "one: %s\n", text);
    free(order.request.run_sid);
    LeaveCriticalSection(&lock);
    return 0;
}

static int run_many(struct order *order)
{
    HANDLE threads[64];
    unsigned i;

    InitializeCriticalSection(&lock);
    for (i = 0; i < order->count && i < countof(threads); i++)
        threads[i] = CreateThread(NULL, 0, one_of_many, order, 0, NULL);
    WaitForMultipleObjects(order->count, threads, TRUE, INFINITE);
    printf("ok %u of %u\n", good, order->count);
    return good == order->count ? 0 : 1;
}

/* A user whose token has what a service's has; made by tests/elevated in the double's state. */
static int as_user(int argc, char **argv, wchar_t **argv_w)
{
    STARTUPINFOW startup = {.cb = sizeof(startup), .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION info = {0};
    wchar_t image[1024], system[MAX_PATH], line[1024] = L"hopdriver";
    DWORD code = 125;
    int i;

    for (i = 5; i < argc; i++)
        swprintf(line + wcslen(line), countof(line) - wcslen(line), L" \"%ls\"", argv_w[i]);
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    GetModuleFileNameW(NULL, image, countof(image));
    GetSystemDirectoryW(system, countof(system));
    if (!CreateProcessWithLogonW(
            argv_w[2], L".", argv_w[3], 0, image, line, 0, NULL, system, &startup, &info)) {
        sbx_fail_win32(&err, GetLastError(), "start as '%s'", argv[2]);
        return fail("as");
    }
    WaitForSingleObject(info.hProcess, INFINITE);
    GetExitCodeProcess(info.hProcess, &code);
    return (int)code;
}

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    static struct order order;
    char **argv = NULL;
    int code;

    sbx_error_init(&err);
    if (sbx_hardening_args(argc, argv_w, &argv, &err))
        return fail("arguments");
    if (argc == 5 && !strcmp(argv[1], "make"))
        return make(argv);
    if (argc == 2 && !strcmp(argv[1], "sids"))
        return sids();
    if (argc > 5 && !strcmp(argv[1], "as"))
        return as_user(argc, argv, argv_w);
    if (argc > 5 && !strcmp(argv[1], "run")) {
        code = read_order(argc, argv, 4, &order);
        return code ? code : run_one(&order);
    }
    if (argc > 6 && !strcmp(argv[1], "many")) {
        order.count = (unsigned)strtoul(argv[4], NULL, 10);
        code = read_order(argc, argv, 5, &order);
        return code ? code : run_many(&order);
    }
    fprintf(stderr, "hopdriver: usage, see hopdriver.c\n");
    return 2;
}

/* message: what is encoded comes back the same. Refusals: test_message_refused.c. */
#include "shared/core/message.h"

#include <stdio.h>

#include "shared/core/capsid.h"
#include "tests/support/unit.h"

static struct sbx_buf frame;
static struct sbx_request request;
static struct sbx_reply reply;

static void setup(void)
{
    sbx_buf_init(&frame, 2 * SBX_FRAME_MAX_BYTES);
    memset(&request, 0, sizeof(request));
    memset(&reply, 0, sizeof(reply));
}

static void teardown(void)
{
    sbx_buf_done(&frame);
    sbx_request_done(&request);
    sbx_reply_done(&reply);
}

static char *copy(const char *text)
{
    struct sbx_error err;
    char *result = NULL;

    ck_assert_sbx_ok(sbx_strdup(text, &result, &err), &err);
    return result;
}

static void add(struct sbx_strings *list, const char *text)
{
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_strings_add(list, text, &err), &err);
}

static char *own_sid(uint64_t *state)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;
    uint8_t random[16];
    size_t i;

    for (i = 0; i < sizeof(random); i++)
        random[i] = (uint8_t)unit_random(state);
    sbx_capsid_for_run(random, &sid);
    sbx_sid_format(&sid, text);
    return copy(text);
}

/* Text that JSON, UTF-8 and quoting could stumble over. */
static char *odd_text(uint64_t *state, size_t max_pieces)
{
    static const char *const pieces[] = {"a", "Z", " ", "\"", "\\", "/", "\xC3\xA9", "\n", "\t",
        "\x01", "\x7F", "\xF0\x9F\x98\x80", "\xE2\x80\xA8", "%PATH%", "&|<>^", "{", "]", "0"};
    struct sbx_error err;
    struct sbx_buf text;
    char *result = NULL;
    size_t count = (size_t)(unit_random(state) % (max_pieces + 1));

    sbx_buf_init(&text, 4096);
    ck_assert_sbx_ok(sbx_buf_puts(&text, "", &err), &err);
    while (count--)
        ck_assert_sbx_ok(
            sbx_buf_puts(&text, pieces[unit_random(state) % countof(pieces)], &err), &err);
    ck_assert_sbx_ok(sbx_buf_steal(&text, &result, &err), &err);
    return result;
}

/* Long because every member of a request gets a value of its own. */
static void make_request(uint64_t *state, struct sbx_request *ret)
{
    struct sbx_error err;
    char *text = NULL, name[32];
    size_t i, count = 1 + (size_t)(unit_random(state) % 6);

    memset(ret, 0, sizeof(*ret));
    sbx_env_init(&ret->environment);
    ret->image = copy("C:\\Windows\\System32\\cmd.exe");
    ret->cwd = copy(unit_random(state) % 2 ? "D:\\work" : "\\\\server\\share\\x");
    for (i = 0; i < count; i++) {
        text = odd_text(state, 20);
        add(&ret->argv, text);
        free(text);
    }
    if (unit_random(state) % 2) {
        free(ret->command_line);
        ret->command_line = copy("cmd.exe /d /s /c \"a b\"");
    }
    for (i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "V%zu \xC3\xA4(x86)", i);
        text = odd_text(state, 20);
        ck_assert_sbx_ok(sbx_env_set(&ret->environment, name, text, &err), &err);
        free(text);
    }
    ret->mode = unit_random(state) % 2 ? SBX_MODE_ELEVATED : SBX_MODE_UNELEVATED;
    ret->recipe = (enum sbx_token_choice)(SBX_TOKEN_STRICT + unit_random(state) % 3);
    ret->stage = SBX_STAGE_LAUNCH;
    ret->user_sid = copy("S-1-5-21-1-2-3-1001");
    if (ret->mode == SBX_MODE_ELEVATED) {
        ret->stage = unit_random(state) % 2 ? SBX_STAGE_LAUNCH : SBX_STAGE_CONFINE;
        ret->account = copy("AgentSandboxOnline2");
        ret->account_sid = copy(ret->user_sid);
        ret->group_sid = copy("S-1-5-21-1-2-3-1002");
        if (ret->stage == SBX_STAGE_CONFINE)
            ret->desktop_path = copy("WinSta0\\SbxRun-0000012C-ABCD");
    }
    ret->run_sid = own_sid(state);
    for (i = 0; i < count; i++) {
        text = own_sid(state);
        add(&ret->capability_sids, text);
        free(text);
    }
    if (unit_random(state) % 2)
        ret->limits.timeout_ms = 1 + unit_random(state) % (7u * 86400u * 1000u);
    if (unit_random(state) % 2)
        ret->limits.processes = 1 + (uint32_t)(unit_random(state) % 65535u);
    if (unit_random(state) % 2)
        ret->limits.memory_bytes = (16u << 20) + unit_random(state) % (1u << 30);
    if (unit_random(state) % 2)
        ret->limits.process_memory_bytes = (8u << 20) + unit_random(state) % (1u << 30);
    if (unit_random(state) % 2)
        ret->limits.cpu_percent = 1 + (uint32_t)(unit_random(state) % 100u);
    ret->limits.ui = unit_random(state) % 2 ? SBX_UI_ENFORCE : SBX_UI_BEST_EFFORT;
    ret->background = unit_random(state) % 2;
    ret->desktop = unit_random(state) % 2 ? SBX_DESKTOP_PRIVATE : SBX_DESKTOP_INTERACTIVE;
    ret->wine_unconfined = unit_random(state) % 2;
    ret->birth_job = unit_random(state) % 2;
    ret->stdin_handle = unit_random(state) % 2 ? 0 : unit_random(state) >> 11;
    ret->stdout_handle = unit_random(state) >> 11;
    ret->stderr_handle = 4;
    if (unit_random(state) % 3 == 0) {
        ret->stdin_handle |= 8;
        ret->stdout_handle |= 8;
        ret->stderr_handle = 0;
        ret->tty.columns = (uint16_t)(1 + unit_random(state) % SBX_TTY_SIZE_MAX);
        ret->tty.rows = (uint16_t)(1 + unit_random(state) % SBX_TTY_SIZE_MAX);
    }
}

static void assert_same_strings(const struct sbx_strings *a, const struct sbx_strings *b)
{
    size_t i;

    ck_assert_uint_eq(a->count, b->count);
    for (i = 0; i < a->count; i++)
        ck_assert_str_eq(a->items[i], b->items[i]);
}

static void assert_same_identity(const struct sbx_request *a, const struct sbx_request *b)
{
    ck_assert_int_eq(a->stage, b->stage);
    ck_assert_int_eq(a->mode, b->mode);
    ck_assert_str_eq(a->user_sid, b->user_sid);
    if (a->mode != SBX_MODE_ELEVATED) {
        ck_assert_ptr_null(b->account);
        ck_assert_ptr_null(b->account_sid);
        ck_assert_ptr_null(b->group_sid);
        return;
    }
    ck_assert_str_eq(a->account, b->account);
    ck_assert_str_eq(a->account_sid, b->account_sid);
    ck_assert_str_eq(a->group_sid, b->group_sid);
    ck_assert_int_eq(a->desktop_path == NULL, b->desktop_path == NULL);
    if (a->desktop_path)
        ck_assert_str_eq(a->desktop_path, b->desktop_path);
}

static void assert_same_request(const struct sbx_request *a, const struct sbx_request *b)
{
    size_t i;

    assert_same_identity(a, b);

    ck_assert_str_eq(a->image, b->image);
    ck_assert_str_eq(a->cwd, b->cwd);
    assert_same_strings(&a->argv, &b->argv);
    ck_assert_int_eq(a->command_line == NULL, b->command_line == NULL);
    if (a->command_line)
        ck_assert_str_eq(a->command_line, b->command_line);
    ck_assert_uint_eq(a->environment.count, b->environment.count);
    for (i = 0; i < a->environment.count; i++) {
        ck_assert_str_eq(a->environment.vars[i].name, b->environment.vars[i].name);
        ck_assert_str_eq(a->environment.vars[i].value, b->environment.vars[i].value);
    }
    ck_assert_int_eq(a->recipe, b->recipe);
    ck_assert_str_eq(a->run_sid, b->run_sid);
    assert_same_strings(&a->capability_sids, &b->capability_sids);
    ck_assert_uint_eq(a->limits.timeout_ms, b->limits.timeout_ms);
    ck_assert_uint_eq(a->limits.processes, b->limits.processes);
    ck_assert_uint_eq(a->limits.memory_bytes, b->limits.memory_bytes);
    ck_assert_uint_eq(a->limits.process_memory_bytes, b->limits.process_memory_bytes);
    ck_assert_uint_eq(a->limits.cpu_percent, b->limits.cpu_percent);
    ck_assert_int_eq(a->limits.ui, b->limits.ui);
    ck_assert_int_eq(a->background, b->background);
    ck_assert_int_eq(a->desktop, b->desktop);
    ck_assert_int_eq(a->wine_unconfined, b->wine_unconfined);
    ck_assert_int_eq(a->birth_job, b->birth_job);
    ck_assert_uint_eq(a->stdin_handle, b->stdin_handle);
    ck_assert_uint_eq(a->stdout_handle, b->stdout_handle);
    ck_assert_uint_eq(a->stderr_handle, b->stderr_handle);
    ck_assert(a->tty.columns == b->tty.columns && a->tty.rows == b->tty.rows);
}

/* The frame in `frame`, as the other side reads it. */
static const char *payload(uint32_t *ret_length)
{
    struct sbx_error err;

    ck_assert_uint_ge(frame.length_bytes, 4);
    ck_assert_sbx_ok(sbx_frame_length((const uint8_t *)frame.data, ret_length, &err), &err);
    ck_assert_uint_eq(*ret_length + 4, frame.length_bytes);
    return frame.data + 4;
}

START_TEST(resize__round_trip__and_refused_where_it_is_not_expected)
{
    const struct sbx_tty_size size = {132, 43};
    struct sbx_tty_size read = {0, 0};
    enum sbx_control control = SBX_CONTROL_KILL;
    static const char *const bad[] = {
        "{\"version\":1,\"control\":\"resize\"}",
        "{\"version\":1,\"control\":\"resize\",\"columns\":0,\"rows\":1}",
        "{\"version\":1,\"control\":\"resize\",\"columns\":80}",
        "{\"version\":1,\"control\":\"resize\",\"columns\":80,\"rows\":10000}",
        "{\"version\":1,\"control\":\"cancel\",\"columns\":80,\"rows\":25}",
    };
    struct sbx_error err;
    size_t i;

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_resize_encode(&size, &frame, &err), &err);
    ck_assert_sbx_ok(
        sbx_control_decode(frame.data + 4, frame.length_bytes - 4, &control, &read, &err), &err);
    ck_assert_int_eq(control, SBX_CONTROL_RESIZE);
    ck_assert(read.columns == 132 && read.rows == 43);
    ck_assert_int_eq(
        sbx_control_decode(frame.data + 4, frame.length_bytes - 4, &control, NULL, &err),
        SBX_INVALID);
    for (i = 0; i < countof(bad); i++)
        ck_assert_msg(
            sbx_control_decode(bad[i], strlen(bad[i]), &control, &read, &err) == SBX_INVALID, "%s",
            bad[i]);
}
END_TEST

START_TEST(request__tty_without_its_two_streams_or_with_a_third__refused)
{
    uint64_t state = unit_seed();
    struct sbx_request back;
    struct sbx_error err;
    const char *json;
    uint32_t length;
    int i;

    for (i = 0; i < 3; i++) {
        sbx_error_init(&err);
        make_request(&state, &request);
        request.tty.columns = request.tty.rows = 10;
        request.stdin_handle = i == 0 ? 0 : 8;
        request.stdout_handle = i == 1 ? 0 : 8;
        request.stderr_handle = i == 2 ? 8 : 0;
        sbx_buf_clear(&frame);
        ck_assert_sbx_ok(sbx_request_encode(&request, &frame, &err), &err);
        json = payload(&length);
        ck_assert_int_eq(sbx_request_decode(json, length, &back, &err), SBX_INVALID);
        sbx_request_done(&request);
    }
}
END_TEST

START_TEST(message__request__comes_back_the_same)
{
    uint64_t state = unit_seed();
    struct sbx_request back;
    struct sbx_error err;
    const char *json;
    uint32_t length;
    int i;

    for (i = 0; i < 300; i++) {
        make_request(&state, &request);
        sbx_buf_clear(&frame);
        ck_assert_sbx_ok(sbx_request_encode(&request, &frame, &err), &err);
        json = payload(&length);
        ck_assert_sbx_ok(sbx_request_decode(json, length, &back, &err), &err);
        assert_same_request(&request, &back);
        sbx_request_done(&back);
        sbx_request_done(&request);
    }
}
END_TEST

static void make_result(uint64_t *state, struct sbx_reply *ret)
{
    uint64_t *times = (uint64_t *)(void *)&ret->times;
    struct sbx_error *error = &ret->error;
    size_t i;

    memset(ret, 0, sizeof(*ret));
    ret->kind = SBX_REPLY_RESULT;
    ret->ended = (enum sbx_ended)(1 + unit_random(state) % SBX_ENDED_FAILED);
    ret->exit_code = (uint32_t)unit_random(state);
    ret->confined = unit_random(state) % 2;
    ret->platform = copy("ntwine 8.0");
    if (!ret->confined)
        add(&ret->unproved, "IsTokenRestricted is false");
    if (ret->ended == SBX_ENDED_LIMIT)
        add(&ret->limits_hit, "process-memory");
    ret->named_objects = (enum sbx_named_objects)(1 + unit_random(state) % SBX_NAMED_UNAVAILABLE);
    ret->peak_memory_bytes = unit_random(state) >> 11;
    ret->total_processes = (uint32_t)unit_random(state);
    ret->cpu_time_us = unit_random(state) >> 11;
    for (i = 0; i < sizeof(ret->times) / sizeof(*times); i++)
        times[i] = unit_random(state) >> 11;
    if (ret->ended == SBX_ENDED_FAILED) {
        ck_assert_int_eq(
            sbx_fail_win32(error, 0xFFFFFFFFu, "start '%s'", "C:\\\xC3\xA9.exe"), SBX_OS);
        sbx_error_hint(error, "look \"there\"");
    }
}

START_TEST(message__result__comes_back_the_same)
{
    uint64_t state = unit_seed();
    struct sbx_reply back;
    struct sbx_error err;
    const char *json;
    uint32_t length;
    int i;

    for (i = 0; i < 300; i++) {
        make_result(&state, &reply);
        sbx_buf_clear(&frame);
        ck_assert_sbx_ok(sbx_reply_encode(&reply, &frame, &err), &err);
        json = payload(&length);
        ck_assert_sbx_ok(sbx_reply_decode(json, length, &back, &err), &err);
        ck_assert_int_eq(back.kind, SBX_REPLY_RESULT);
        ck_assert_int_eq(back.ended, reply.ended);
        ck_assert_int_eq(back.named_objects, reply.named_objects);
        ck_assert_uint_eq(back.exit_code, reply.exit_code);
        ck_assert_int_eq(back.confined, reply.confined);
        ck_assert_str_eq(back.platform, reply.platform);
        assert_same_strings(&back.unproved, &reply.unproved);
        assert_same_strings(&back.limits_hit, &reply.limits_hit);
        ck_assert_uint_eq(back.peak_memory_bytes, reply.peak_memory_bytes);
        ck_assert_uint_eq(back.total_processes, reply.total_processes);
        ck_assert_uint_eq(back.cpu_time_us, reply.cpu_time_us);
        ck_assert_int_eq(memcmp(&back.times, &reply.times, sizeof(back.times)), 0);
        ck_assert_int_eq(back.error.status, reply.error.status);
        ck_assert_int_eq(back.error.domain, reply.error.domain);
        ck_assert_uint_eq(back.error.code, reply.error.code);
        ck_assert_str_eq(back.error.context, reply.error.context);
        ck_assert_str_eq(back.error.hint, reply.error.hint);
        sbx_reply_done(&back);
        sbx_reply_done(&reply);
    }
}
END_TEST

START_TEST(message__started_and_controls__come_back_the_same)
{
    enum sbx_control control;
    struct sbx_error err;
    const char *json;
    uint32_t length;

    reply.kind = SBX_REPLY_STARTED;
    reply.process_id = 4294967295u;
    ck_assert_sbx_ok(sbx_reply_encode(&reply, &frame, &err), &err);
    reply.process_id = 0;
    json = payload(&length);
    ck_assert_sbx_ok(sbx_reply_decode(json, length, &reply, &err), &err);
    ck_assert_int_eq(reply.kind, SBX_REPLY_STARTED);
    ck_assert_uint_eq(reply.process_id, 4294967295u);

    sbx_buf_clear(&frame);
    ck_assert_sbx_ok(sbx_control_encode(SBX_CONTROL_KILL, &frame, &err), &err);
    json = payload(&length);
    ck_assert_sbx_ok(sbx_control_decode(json, length, &control, NULL, &err), &err);
    ck_assert_int_eq(control, SBX_CONTROL_KILL);
    sbx_buf_clear(&frame);
    ck_assert_sbx_ok(sbx_control_encode(SBX_CONTROL_CANCEL, &frame, &err), &err);
    json = payload(&length);
    ck_assert_sbx_ok(sbx_control_decode(json, length, &control, NULL, &err), &err);
    ck_assert_int_eq(control, SBX_CONTROL_CANCEL);
}
END_TEST

START_TEST(message__two_frames__follow_each_other)
{
    struct sbx_error err;
    uint32_t first = 0, second = 0;

    ck_assert_sbx_ok(sbx_control_encode(SBX_CONTROL_CANCEL, &frame, &err), &err);
    ck_assert_sbx_ok(sbx_control_encode(SBX_CONTROL_KILL, &frame, &err), &err);
    ck_assert_sbx_ok(sbx_frame_length((const uint8_t *)frame.data, &first, &err), &err);
    ck_assert_sbx_ok(
        sbx_frame_length((const uint8_t *)frame.data + 4 + first, &second, &err), &err);
    ck_assert_uint_eq(frame.length_bytes, 8 + first + second);
}
END_TEST

START_TEST(message__frame_length__is_capped)
{
    static const uint8_t zero[4] = {0, 0, 0, 0}, most[4] = {0, 0, 0x40, 0},
                         over[4] = {1, 0, 0x40, 0}, huge[4] = {0xFF, 0xFF, 0xFF, 0xFF};
    struct sbx_error err;
    uint32_t length = 0;

    ck_assert_int_eq(sbx_frame_length(zero, &length, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_frame_length(over, &length, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_frame_length(huge, &length, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_frame_length(most, &length, &err), &err);
    ck_assert_uint_eq(length, SBX_FRAME_MAX_BYTES);
}
END_TEST

START_TEST(message__full_buffer__is_left_as_it_was)
{
    struct sbx_error err;
    struct sbx_buf small;

    sbx_buf_init(&small, 10);
    ck_assert_sbx_ok(sbx_buf_puts(&small, "abc", &err), &err);
    ck_assert_int_eq(sbx_control_encode(SBX_CONTROL_KILL, &small, &err), SBX_INVALID);
    ck_assert_str_eq(small.data, "abc");
    sbx_buf_done(&small);
}
END_TEST

START_TEST(message__error_text_cut_inside_a_character__still_arrives)
{
    struct sbx_error err;
    const char *json;
    uint32_t length;

    reply.kind = SBX_REPLY_RESULT;
    reply.ended = SBX_ENDED_FAILED;
    reply.error.status = SBX_UNPROVEN;
    memcpy(reply.error.context, "bad \xC3 \x1B[2J", 11);
    ck_assert_sbx_ok(sbx_reply_encode(&reply, &frame, &err), &err);
    json = payload(&length);
    ck_assert_sbx_ok(sbx_reply_decode(json, length, &reply, &err), &err);
    ck_assert_int_eq(reply.error.status, SBX_UNPROVEN);
    ck_assert_int_eq(strncmp(reply.error.context, "bad ?", 5), 0);
    ck_assert_ptr_null(strchr(reply.error.context, 0x1B));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, message__request__comes_back_the_same);
    tcase_add_test(tcase, message__result__comes_back_the_same);
    tcase_add_test(tcase, message__started_and_controls__come_back_the_same);
    tcase_add_test(tcase, message__two_frames__follow_each_other);
    tcase_add_test(tcase, message__frame_length__is_capped);
    tcase_add_test(tcase, message__full_buffer__is_left_as_it_was);
    tcase_add_test(tcase, message__error_text_cut_inside_a_character__still_arrives);
    tcase_add_test(tcase, request__tty_without_its_two_streams_or_with_a_third__refused);
    tcase_add_test(tcase, resize__round_trip__and_refused_where_it_is_not_expected);
}

UNIT_MAIN("message", add_tests)

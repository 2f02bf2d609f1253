/* See verifycheck.h. */
#include "verifychecks.h"

#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/wstr.h"

#define WORDS_MAX 64u
#define WORDS_MAX_BYTES 32768u
#define OUTSIDE_MS 20000u
#define RUN_MS 20000u

/* Which function tries which row. */
static const struct {
    const char *id;
    sbx_verify_check_fn check;
} checks[] = {
    {"F9", sbx_verify_check_opened_link},
    {"F12", sbx_verify_check_swapped_folder},
    {"P24b", sbx_verify_check_terminal},
    {"P32", sbx_verify_check_lowered_program},
    {"S30", sbx_verify_check_absent_volume},
    {"S31", sbx_verify_check_unnamed_volume},
    {"S32", sbx_verify_check_cancelled_walk},
    {"S33", sbx_verify_check_weaker_policy},
    {"S34", sbx_verify_check_event_text},
    {"S35", sbx_verify_check_other_client},
    {"F25f", sbx_verify_check_open_root},
    {"R4", sbx_verify_check_unrecorded},
    {"R5", sbx_verify_check_denied_settled},
    {"S10b", sbx_verify_check_batch_and},
    {"S10c", sbx_verify_check_batch_percent},
    {"S10d", sbx_verify_check_batch_started},
    {"S28", sbx_verify_check_other_build},
    {"S29", sbx_verify_check_open_record},
    {"C5", sbx_verify_check_exit_code},
    {"P5b", sbx_verify_check_agent_killed},
    {"P17c", sbx_verify_check_default_list},
    {"P23b", sbx_verify_check_console},
    {"P25c", sbx_verify_check_secret},
    {"F14b", sbx_verify_check_repaired_link},
    {"F14c", sbx_verify_check_held_names},
    {"F26a", sbx_verify_check_wider_run},
    {"F26b", sbx_verify_check_moved_root},
    {"F27", sbx_verify_check_other_root},
    {"G8", sbx_verify_check_link_untouched},
    {"G9", sbx_verify_check_late_name},
    {"R1", sbx_verify_check_unapproved},
    {"R2", sbx_verify_check_denied_command},
    {"R3", sbx_verify_check_denied_plan},
    {"F37", sbx_verify_check_root_list},
    {"G4", sbx_verify_check_bare_name},
    {"G10", sbx_verify_check_path},
    {"P2g", sbx_verify_check_other_programs},
    {"P5c", sbx_verify_check_descendant},
    {"P5d", sbx_verify_check_runner_killed},
    {"P6b", sbx_verify_check_timeout},
    {"P7", sbx_verify_check_handles},
    {"S13", sbx_verify_check_workspace_roots},
    {"S14", sbx_verify_check_workspace_variables},
    {"S15", sbx_verify_check_workspace_scalars},
    {"S16", sbx_verify_check_forbidden_place},
    {"S17", sbx_verify_check_request},
    {"S18", sbx_verify_check_serve_client},
    {"S19", sbx_verify_check_token_plan},
    {"S20", sbx_verify_check_token_proof},
    {"S21", sbx_verify_check_message},
    {"S22", sbx_verify_check_damaged_ledger},
    {"S23", sbx_verify_check_cut_ledger},
    {"S24", sbx_verify_check_shorter_ledger},
    {"S25", sbx_verify_check_repair},
    {"S26", sbx_verify_check_planted_result},
    {"S27", sbx_verify_check_unconfined},
};

/* --- runs ------------------------------------------------------------------------------------- */

/* The vector of `agent run`, as one text with a bar between the words. */
static enum sbx_status write_vector(const struct sbx_verify_check *check, const char *options,
    const char *program, struct sbx_buf *text, struct sbx_error *err)
{
    static const char *const modes[] = {"", "auto", "elevated", "unelevated"};
    static const char *const recipes[] = {"auto", "auto", "strict", "isolated", "standard"};
    const struct sbx_verify_run *run = check->run;
    const enum sbx_mode mode = run->cli->policy.mode;
    const bool own_cwd = options && strstr(options, "--cwd");
    const bool own_timeout = options && strstr(options, "--timeout");
    const bool own_token = options && strstr(options, "--token");
    struct sbx_buf words;
    enum sbx_status status;

    sbx_buf_init(&words, WORDS_MAX_BYTES);
    status =
        sbx_buf_printf(&words, err, "run|--quiet|--mode|%s", modes[mode ? mode : SBX_MODE_AUTO]);
    if (!status && !own_timeout)
        status = sbx_buf_printf(
            &words, err, "|--timeout|%u", (unsigned)(sbx_verify_limit_ms(run, RUN_MS) / 1000));
    if (!status && !own_cwd)
        status = sbx_buf_puts(&words, "|--cwd|{ws}", err);
    if (!status && !own_token)
        status = sbx_buf_printf(&words, err, "|--token|%s", recipes[run->cli->policy.token]);
    if (!status && run->cli->wine_unconfined)
        status = sbx_buf_puts(&words, "|--wine-unconfined", err);
    if (!status)
        status = sbx_buf_printf(
            &words, err, "%s%s|--|%s", options ? "|" : "", options ? options : "", program);
    if (!status)
        status = sbx_verify_expand(words.data, run->inside.values, text, err);
    sbx_buf_done(&words);
    return status;
}

/* Cuts the text where its bars are. */
static enum sbx_status cut(
    char *text, const char *items[WORDS_MAX], size_t *ret_count, struct sbx_error *err)
{
    *ret_count = 0;
    while (text) {
        char *bar = strchr(text, '|');

        if (*ret_count == WORDS_MAX)
            return sbx_fail(err, SBX_INTERNAL, "a check has too many words");
        items[(*ret_count)++] = text;
        if (bar)
            *bar++ = '\0';
        text = bar;
    }
    return SBX_OK;
}

enum sbx_status sbx_verify_start_agent(const struct sbx_verify_check *check, const char *program,
    struct sbx_process *ret_agent, struct sbx_error *err)
{
    struct sbx_spawn spawn = {.cwd = check->run->folder,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    const char *items[WORDS_MAX + 1] = {"agent"};
    char *image = NULL;
    enum sbx_status status = sbx_known_program(&image, err);
    struct sbx_buf text;

    sbx_buf_init(&text, WORDS_MAX_BYTES);
    if (!status)
        status = write_vector(check, NULL, program, &text, err);
    if (!status)
        status = cut(text.data, items + 1, &spawn.argc, err);
    spawn.image = image;
    spawn.argv = items;
    spawn.argc++;
    if (!status)
        status = sbx_spawn_create(&spawn, ret_agent, err);
    sbx_buf_done(&text);
    free(image);
    return status;
}

enum sbx_status sbx_verify_run_words(const struct sbx_verify_check *check, const char *options,
    const char *program, struct sbx_verify_ran *ret_ran, struct sbx_error *err)
{
    struct sbx_verify_result result = {0};
    const char *items[WORDS_MAX];
    enum sbx_status status;
    struct sbx_buf text;
    struct sbx_cli cli;
    size_t count = 0;

    memset(ret_ran, 0, sizeof(*ret_ran));
    sbx_buf_init(&ret_ran->out, 1);
    sbx_buf_init(&ret_ran->json, 1);
    sbx_buf_init(&text, WORDS_MAX_BYTES);
    status = write_vector(check, options, program, &text, err);
    if (!status)
        status = cut(text.data, items, &count, err);
    if (!status)
        status = sbx_cli_parse(items, count, &cli, err);
    if (!status) {
        result.seen.mode = check->run->mode;
        ret_ran->exit_code = sbx_verify_inside(
            check->run, &cli, &result, check->report, &ret_ran->out, &ret_ran->json);
        ret_ran->began = result.seen.inside_ran;
        ret_ran->confined = result.seen.confined;
        memcpy(ret_ran->error, result.error, sizeof(ret_ran->error));
        if (result.seen.recipe)
            check->result->seen.recipe = result.seen.recipe;
        sbx_cli_done(&cli);
        status = sbx_buf_putc(&ret_ran->out, '\0', err);
        if (!status)
            status = sbx_buf_putc(&ret_ran->json, '\0', err);
    }
    sbx_buf_done(&text);
    return status;
}

void sbx_verify_ran_done(struct sbx_verify_ran *ran)
{
    sbx_buf_done(&ran->out);
    sbx_buf_done(&ran->json);
}

enum sbx_verify_outcome sbx_verify_ran_outcome(const struct sbx_verify_ran *ran)
{
    return ran->began ? sbx_verify_outcome_of(ran->exit_code) : SBX_VERIFY_NONE;
}

void sbx_verify_take_run(const struct sbx_verify_check *check, const struct sbx_verify_ran *ran)
{
    struct sbx_verify_seen *seen = &check->result->seen;

    seen->inside_ran = ran->began;
    seen->confined = ran->confined;
    seen->ping = sbx_verify_first(ran->out.data);
    memcpy(check->result->error, ran->error, sizeof(check->result->error));
}

enum sbx_status sbx_verify_attack(const struct sbx_verify_check *check, const char *options,
    const char *words, struct sbx_error *err)
{
    struct sbx_verify_ran ran = {0};
    struct sbx_buf program;
    enum sbx_status status;

    sbx_buf_init(&program, WORDS_MAX_BYTES);
    status = sbx_buf_printf(&program, err, "{probe}|seq|create|{free}\\ping-%s|+|%s",
        check->result->row->id, strncmp(words, "seq|", 4) == 0 ? words + 4 : words);
    if (!status)
        status = sbx_verify_run_words(check, options, program.data, &ran, err);
    if (!status) {
        sbx_verify_take_run(check, &ran);
        check->result->seen.inside = sbx_verify_ran_outcome(&ran);
    }
    sbx_verify_ran_done(&ran);
    sbx_buf_done(&program);
    return status;
}

enum sbx_status sbx_verify_run_outside(const struct sbx_verify_check *check,
    const char *const *argv, size_t argc, HANDLE std_out, enum sbx_verify_outcome *ret_outcome,
    struct sbx_error *err)
{
    struct sbx_spawn spawn = {.image = check->run->probe,
        .argv = argv,
        .argc = argc,
        .cwd = check->run->folder,
        .std_out = std_out,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    uint32_t exit_code = 0;
    enum sbx_status status =
        sbx_spawn_to_end(&spawn, sbx_verify_limit_ms(check->run, OUTSIDE_MS), &exit_code, err);

    *ret_outcome = status ? SBX_VERIFY_NONE : sbx_verify_outcome_of(exit_code);
    return status;
}

enum sbx_status sbx_verify_must(
    const struct sbx_verify_check *check, const char *words, struct sbx_error *err)
{
    uint32_t exit_code = 0;
    enum sbx_status status =
        sbx_verify_by_hand(check->run, &check->run->inside, words, &exit_code, err);

    if (!status && sbx_verify_outcome_of(exit_code) != SBX_VERIFY_SUCCEEDED)
        status = sbx_fail(err, SBX_UNPROVEN, "'%s' outside the sandbox ended with %lu", words,
            (unsigned long)exit_code);
    return status;
}

/* --- places ----------------------------------------------------------------------------------- */

enum sbx_status sbx_verify_path(
    const struct sbx_verify_check *check, const char *place, char **ret_path, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, WORDS_MAX_BYTES);
    status = sbx_verify_expand(place, check->run->inside.values, &text, err);
    if (!status)
        status = sbx_buf_steal(&text, ret_path, err);
    sbx_buf_done(&text);
    return status;
}

bool sbx_verify_is_there(const struct sbx_verify_check *check, const char *place)
{
    char *path = NULL;
    wchar_t *path_w = NULL;
    bool there = true; /* when it cannot be asked, too */

    if (!sbx_verify_path(check, place, &path, NULL) && !sbx_wstr_from_utf8(path, &path_w, NULL))
        there = GetFileAttributesW(path_w) != INVALID_FILE_ATTRIBUTES;
    free(path_w);
    free(path);
    return there;
}

enum sbx_status sbx_verify_put_file(const struct sbx_verify_check *check, const char *place,
    const char *content, struct sbx_error *err)
{
    char *path = NULL;
    wchar_t *path_w = NULL;
    HANDLE file = INVALID_HANDLE_VALUE;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);
    DWORD code;

    if (!status)
        status = sbx_wstr_from_utf8(path, &path_w, err);
    if (!status) {
        file = CreateFileW(path_w, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        code = GetLastError();
        status = file == INVALID_HANDLE_VALUE
                     ? sbx_fail_win32(err, code, "create '%s'", path)
                     : sbx_file_write_all(file, content, strlen(content), err);
    }
    sbx_handle_close(&file);
    free(path_w);
    free(path);
    return status;
}

enum sbx_status sbx_verify_copy_probe(
    const struct sbx_verify_check *check, const char *place, struct sbx_error *err)
{
    char *path = NULL;
    wchar_t *from_w = NULL, *to_w = NULL;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);
    DWORD code;

    if (!status)
        status = sbx_wstr_from_utf8(check->run->probe, &from_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(path, &to_w, err);
    if (!status && !CopyFileW(from_w, to_w, TRUE)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "copy the probe to '%s'", path);
    }
    free(from_w);
    free(to_w);
    free(path);
    return status;
}

enum sbx_status sbx_verify_descriptor(const struct sbx_verify_check *check, const char *place,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    const struct sbx_file_how how = {.kind = SBX_FILE_ANY, .access = READ_CONTROL};
    char *path = NULL;
    HANDLE handle = NULL;
    enum sbx_status status = sbx_verify_path(check, place, &path, err);

    if (!status)
        status = sbx_file_open(path, &how, &handle, err);
    if (!status)
        status = sbx_acl_get(handle, NULL, ret_descriptor, err);
    sbx_handle_close(&handle);
    free(path);
    return status;
}

/* --- rows ------------------------------------------------------------------------------------- */

enum sbx_status sbx_verify_check_row(const struct sbx_verify_check *check, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    for (i = 0; i < countof(checks); i++)
        if (strcmp(checks[i].id, check->result->row->id) == 0)
            break;
    if (i == countof(checks))
        return sbx_fail(err, SBX_INTERNAL, "row %s has no check", check->result->row->id);
    /* It begins with a whole fixture and without grants, and so does the row after it. */
    sbx_verify_revoke(check->run);
    status = sbx_verify_restore(&check->run->inside, err);
    check->run->spoiled = true;
    return status ? status : checks[i].check(check, err);
}

/* See calibrateparts.h: ordinary work, outside and inside. */
#include "calibrateparts.h"

#include "resolve.h"

#include "shared/win/handle.h"
#include "shared/win/pipe.h"

#include <stdio.h>

#define SAYS "calibrated"
#define WORDS_MAX 32u
#define TWIN_MS 20000u
#define OUTPUT_MAX_BYTES 65536u

/* Ordinary work (design 2). A program that is not here, or fails outside too, is passed over. */
struct work {
    const char *id, *words; /* '|' between; {free} is a folder in the root */
};
static const struct work works[] = {
    {"work.cmd", "cmd.exe|/c|echo " SAYS},
    {"work.git",
        "cmd.exe|/c|cd /d {free}&& git init -q c&& cd c&& git -c user.name=c -c "
        "user.email=c@localhost commit -q --allow-empty -m " SAYS "&& git log --format=%s"},
    {"work.nul", "cmd.exe|/c|echo x> NUL&& echo " SAYS},
    {"work.child", "cmd.exe|/c|cmd.exe /c echo " SAYS},
    {"work.for", "cmd.exe|/c|for /f %i in ('echo " SAYS "') do @echo %i"},
    {"work.temp", "cmd.exe|/c|echo " SAYS "> %TEMP%\\c.txt&& type %TEMP%\\c.txt"},
    {"work.root", "cmd.exe|/c|echo " SAYS "> {free}\\c.txt&& type {free}\\c.txt"},
    {"work.whoami", "cmd.exe|/c|whoami.exe > NUL&& echo " SAYS},
    {"work.powershell", "powershell.exe|-NoProfile|-NonInteractive|-Command|Write-Output " SAYS},
    {"work.pwsh", "pwsh.exe|-NoProfile|-NonInteractive|-Command|Write-Output " SAYS},
    {"work.node", "node.exe|-e|require('child_process').execFile('cmd.exe',['/c','echo " SAYS
                  "'],(e,o)=>(process.stdout.write(String(o)),process.exitCode=e?1:0))"},
    {"work.python",
        "python.exe|-c|import multiprocessing as m,socket;socket.socket().close();"
        "p=m.get_context('spawn').Process(target=print,args=('" SAYS "',));p.start();p.join();"
        "raise SystemExit(p.exitcode)"},
};

/* --- one piece of work -------------------------------------------------------------------------
 */

struct words {
    char *text; /* owned; items point into it */
    const char *items[WORDS_MAX];
    size_t count;
};

static enum sbx_status cut(const struct sbx_verify_fixture *fixture, const char *text,
    struct words *words, struct sbx_error *err)
{
    struct sbx_buf place;
    enum sbx_status status;
    char *at, *bar;

    sbx_buf_init(&place, 32768);
    status = sbx_verify_expand(text, fixture->values, &place, err);
    if (!status)
        status = sbx_buf_steal(&place, &words->text, err);
    sbx_buf_done(&place);
    for (at = words->text; !status && at; at = bar) {
        bar = strchr(at, '|');
        if (bar)
            *bar++ = '\0';
        if (words->count == WORDS_MAX)
            return sbx_fail(err, SBX_INTERNAL, "too many words");
        words->items[words->count++] = at;
    }
    return status;
}

static bool says(const struct sbx_buf *output)
{
    static const char text[] = SAYS;
    size_t i;

    for (i = 0; i + sizeof(text) - 1 <= output->length_bytes; i++)
        if (memcmp(output->data + i, text, sizeof(text) - 1) == 0)
            return true;
    return false;
}

/* The twin: as the user, without a sandbox. @return whether it works here at all */
static bool works_outside(const struct sbx_calibrate *all, const struct words *words)
{
    const struct sbx_verify_run *run = &all->run;
    struct sbx_program program = {0};
    struct sbx_process process = {0};
    struct sbx_pipe pipe = {0};
    struct sbx_spawn spawn = {
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN | SBX_SPAWN_NO_WINDOW};
    uint32_t exit_code = 1;
    struct sbx_error ignored;
    struct sbx_buf output;
    enum sbx_status status;

    sbx_error_init(&ignored);
    sbx_buf_init(&output, OUTPUT_MAX_BYTES);
    status = sbx_program_resolve(words->items, words->count, run->folder,
        sbx_env_get(&all->prepared.facts.environment, "PATH"), &program, &ignored);
    if (!status)
        status = sbx_pipe_new(0, &pipe, &ignored);
    spawn.image = program.image;
    spawn.command_line = program.command_line;
    spawn.argv = program.command_line ? NULL : (const char *const *)program.argv.items;
    spawn.argc = program.command_line ? 0 : program.argv.count;
    spawn.cwd = run->folder;
    spawn.std_out = pipe.write;
    if (!status)
        status = sbx_spawn_create(&spawn, &process, &ignored);
    sbx_handle_close(&pipe.write);
    if (!status)
        status = sbx_pipe_read_all(pipe.read, TWIN_MS, &output, &ignored);
    if (!status)
        status = sbx_process_wait(&process, TWIN_MS, &exit_code, &ignored);
    if (status && process.process)
        sbx_process_kill(&process, 1);
    sbx_process_close(&process);
    sbx_pipe_close(&pipe);
    sbx_program_done(&program);
    status = !status && exit_code == 0 && says(&output) ? SBX_OK : SBX_NOT_FOUND;
    sbx_buf_done(&output);
    return !status;
}

static const char *place_of(const struct sbx_verify_run *run, const char *name)
{
    const char *const *at = run->inside.values;

    while (*at && strcmp(*at, name) != 0)
        at += 2;
    return *at ? at[1] : "";
}

/* It ran, confined as asked, and failed: where no recipe could help, none is out for it. */
static void pass_over_limit(const struct sbx_calibrate *all, struct sbx_calibrate_result *result)
{
    const char *elevated = sbx_mode_name(SBX_MODE_ELEVATED);
    const char *limit = sbx_calibration_known_limit(result->id,
        strcmp(all->report.mode, elevated) == 0 ? SBX_MODE_ELEVATED : SBX_MODE_UNELEVATED);

    result->skipped = limit != NULL;
    if (limit)
        snprintf(result->why, sizeof(result->why), "does not work: %s", limit);
}

static void work_inside(struct sbx_calibrate *all, const struct words *words,
    struct sbx_calibrate_result *result, struct sbx_error *err)
{
    const char *argv[WORDS_MAX + 16] = {"run", "--quiet", "--timeout", "60", "--cwd",
        place_of(&all->run, "ws"), "--mode", sbx_mode_name(all->cli.policy.mode), "--token",
        sbx_token_choice_name(result->recipe), "--"};
    struct sbx_verify_result seen;
    struct sbx_buf output;
    size_t argc = 11, i;
    struct sbx_cli cli;
    uint32_t exit_code;

    memset(&seen, 0, sizeof(seen));
    for (i = 0; i < words->count; i++)
        argv[argc++] = words->items[i];
    if (sbx_cli_parse(argv, argc, &cli, err))
        return;
    exit_code = sbx_verify_inside(&all->run, &cli, &seen, &all->report, &output, NULL);
    /* Nothing began: a busy machine, perhaps. Once more, or a looser recipe would be chosen for it.
     */
    if (!seen.seen.inside_ran) {
        sbx_buf_done(&output);
        memset(&seen, 0, sizeof(seen));
        exit_code = sbx_verify_inside(&all->run, &cli, &seen, &all->report, &output, NULL);
    }
    sbx_cli_done(&cli);
    all->ran = all->ran || seen.seen.inside_ran;
    all->unconfined = all->unconfined || (seen.seen.inside_ran && !seen.seen.confined);
    result->passed = seen.seen.inside_ran && seen.seen.confined &&
                     seen.seen.recipe == result->recipe && exit_code == 0 && says(&output);
    if (!result->passed)
        snprintf(result->why, sizeof(result->why), "%s (exit code %lu)",
            seen.error[0] ? seen.error : "works outside, not inside", (unsigned long)exit_code);
    if (!result->passed && seen.seen.confined && seen.seen.recipe == result->recipe)
        pass_over_limit(all, result);
    sbx_buf_done(&output);
}

/* The twin has a fixture of its own, so that neither leaves the other anything to stumble over. */
void sbx_calibrate_work(
    struct sbx_calibrate *all, size_t index, struct sbx_calibrate_result *result)
{
    const struct work *work = &works[index];
    struct words inside = {0}, outside = {0};
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    status = cut(&all->run.outside, work->words, &outside, &err);
    if (!status)
        status = cut(&all->run.inside, work->words, &inside, &err);
    if (!status)
        result->skipped = !works_outside(all, &outside);
    if (result->skipped)
        snprintf(result->why, sizeof(result->why), "not here, or it fails outside too");
    else if (!status)
        work_inside(all, &inside, result, &err);
    if (err.status)
        snprintf(result->why, sizeof(result->why), "%s", err.context);
    free(inside.text);
    free(outside.text);
}

size_t sbx_calibrate_work_count(void)
{
    return countof(works);
}

const char *sbx_calibrate_work_id(size_t index)
{
    return works[index].id;
}

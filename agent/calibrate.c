/*
 * `agent doctor --calibrate` (design 2): which token recipe is the strictest that holds on this
 * build and lets ordinary work be done. See shared/core/calibration.h for what is kept.
 *
 * MUSTs:
 *  1. every row runs through the pipeline of `agent run`, with the recipe asked for by name: what
 * is tried is what a run gets, proved before it is resumed;
 *  2. the strictest recipe is tried first and a recipe ends at its first row that fails, so nothing
 *     looser than what passes is ever looked for;
 *  3. a recipe passes only when ordinary work succeeded, the attacks that must be refused whatever
 *     the recipe were refused ("held", not "cannot tell"), and none that it claims beyond looser
 *     ones got through;
 *  4. where nothing is confined nothing is calibrated.
 *
 * The fence of elevated mode was proved by set-up with the loosest recipe and with tokens derived
 * from its own. A stricter recipe's token has fewer restricting SIDs of the same list, as a derived
 * one has; no recipe adds one.
 *
 * Same manners as `agent verify`: a folder of its own, removed afterwards, and no traffic. TLS is
 * therefore not tried.
 */
#include "doctor.h"
#include "verify.h"

#include "facts.h"
#include "resolve.h"

#include "shared/core/calibration.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/winpath.h"
#include "shared/win/calibrationfile.h"
#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/pipe.h"
#include "shared/win/platform.h"

#include <stdio.h>

#define SAYS "calibrated"
#define WORDS_MAX 32u
#define TWIN_MS 20000u
#define OUTPUT_MAX_BYTES 65536u
#define TEXT_MAX_BYTES (256u * 1024u)
#define RESULTS_MAX 192u

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

/* Attacks that every recipe must hold, and controls (C). */
static const char *const required[] = {"C1", "C3", "F1a", "F25c", "G1b", "P1a", "P17a"};

struct result {
    enum sbx_token_choice recipe;
    const char *id;
    bool passed, skipped;
    char why[200];
    uint64_t took_us;
};

struct calibrate {
    struct sbx_cli cli; /* a copy with the recipe put in; nothing of it is released here */
    struct sbx_prepared prepared; /* places and policy */
    struct sbx_verify_run run;
    struct sbx_verify_report report;
    struct sbx_calibration_entry entry;
    struct result results[RESULTS_MAX];
    size_t count;
    bool unconfined;
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
static bool works_outside(const struct calibrate *all, const struct words *words)
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

static void work_inside(
    struct calibrate *all, const struct words *words, struct result *result, struct sbx_error *err)
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
    exit_code = sbx_verify_inside(&all->run, &cli, &seen, &all->report, &output);
    sbx_cli_done(&cli);
    all->unconfined = all->unconfined || (seen.seen.inside_ran && !seen.seen.confined);
    result->passed = seen.seen.inside_ran && seen.seen.confined &&
                     seen.seen.recipe == result->recipe && exit_code == 0 && says(&output);
    if (!result->passed)
        snprintf(result->why, sizeof(result->why), "%s (exit code %lu)",
            seen.error[0] ? seen.error : "works outside, not inside", (unsigned long)exit_code);
    sbx_buf_done(&output);
}

/* The twin has a fixture of its own, so that neither leaves the other anything to stumble over. */
static void try_work(struct calibrate *all, const struct work *work, struct result *result)
{
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

/* --- one attack --------------------------------------------------------------------------------
 */

static bool is_required(const struct sbx_verify_row *row)
{
    size_t i;

    for (i = 0; i < countof(required); i++)
        if (strcmp(required[i], row->id) == 0)
            return true;
    return false;
}

/* What a recipe holds and looser ones are known not to. */
static bool is_claimed(const struct sbx_verify_row *row, enum sbx_token_choice recipe)
{
    if (!row->words || (row->options && strstr(row->options, "--token")))
        return false;
    return (row->flags & SBX_VERIFY_RESIDUAL_STANDARD && recipe != SBX_TOKEN_STANDARD) ||
           (row->flags & SBX_VERIFY_RESIDUAL_LOOSE && recipe == SBX_TOKEN_STRICT);
}

static void try_attack(
    struct calibrate *all, const struct sbx_verify_row *row, struct result *result)
{
    struct sbx_verify_result seen;

    sbx_verify_try(&all->run, row, &seen, &all->report);
    all->unconfined = all->unconfined || (seen.seen.inside_ran && !seen.seen.confined);
    result->passed =
        seen.seen.recipe == result->recipe &&
        (is_required(row) ? seen.value == SBX_VERIFY_HELD : seen.value != SBX_VERIFY_BROKEN);
    /* Wine opens any desktop for anybody (tests/ntwine/README.md): what works there says nothing.
     */
    result->skipped = !result->passed && seen.seen.wine && row->group == SBX_VERIFY_DESKTOP;
    if (!result->passed)
        snprintf(result->why, sizeof(result->why), "%s: %s", sbx_verify_class_name(seen.value),
            seen.error[0] ? seen.error : seen.why);
}

/* --- one recipe --------------------------------------------------------------------------------
 */

static struct result *begin(struct calibrate *all, enum sbx_token_choice recipe, const char *id)
{
    struct result *result = &all->results[all->count];

    if (all->count + 1 < RESULTS_MAX)
        all->count++;
    memset(result, 0, sizeof(*result));
    result->recipe = recipe;
    result->id = id;
    result->took_us = sbx_clock_us();
    return result;
}

/* @return false: the recipe is out */
static bool count_in(struct result *result, struct sbx_calibration_try *one)
{
    result->took_us = sbx_clock_us() - result->took_us;
    if (result->skipped)
        return true;
    one->rows++;
    if (result->passed)
        return true;
    sbx_calibration_text(one->failed, sizeof(one->failed), result->id);
    sbx_calibration_text(
        one->why, sizeof(one->why), result->why[0] ? result->why : "no reason was given");
    return false;
}

/* What the recipe before left in the root would be in the way of the same rows. */
static enum sbx_status fresh(struct calibrate *all, struct sbx_error *err)
{
    enum sbx_status status;

    if (!all->entry.try_count)
        return SBX_OK;
    sbx_verify_revoke(&all->run);
    status = sbx_verify_restore(&all->run.inside, err);
    return status ? status : sbx_verify_restore(&all->run.outside, err);
}

static bool try_recipe(struct calibrate *all, enum sbx_token_choice recipe)
{
    struct sbx_calibration_try *one = &all->entry.tries[all->entry.try_count++];
    bool good = true;
    size_t i;

    one->recipe = recipe;
    all->cli.policy.token = recipe;
    for (i = 0; good && i < countof(works) && !*all->run.cancel.count; i++) {
        struct result *result = begin(all, recipe, works[i].id);

        try_work(all, &works[i], result);
        if (i == 0 && result->skipped) { /* without it nothing is shown */
            result->skipped = false;
            result->passed = false;
        }
        good = count_in(result, one);
    }
    /* Which mode it is was seen by the first of them. */
    if (all->report.mode[0])
        all->run.mode =
            strcmp(all->report.mode, "elevated") == 0 ? SBX_MODE_ELEVATED : SBX_MODE_UNELEVATED;
    for (i = 0; good && i < sbx_verify_row_count && !*all->run.cancel.count; i++) {
        const struct sbx_verify_row *row = &sbx_verify_rows[i];

        if (!sbx_verify_applies(row, all->run.mode) ||
            !(is_required(row) || is_claimed(row, recipe)))
            continue;
        {
            struct result *result = begin(all, recipe, row->id);

            try_attack(all, row, result);
            good = count_in(result, one);
        }
    }
    one->passed = good && one->rows > 0;
    return one->passed;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static enum sbx_status keep(const struct calibrate *all, struct sbx_error *err)
{
    const char *state = all->prepared.facts.state_directory;
    struct sbx_calibration record;
    struct sbx_sid user;
    bool exists = false;
    enum sbx_status status = sbx_sid_parse(all->prepared.facts.caller_sid, &user, err);

    if (status)
        return status;
    /* One that cannot be read is set aside by the writing. */
    if (sbx_calibrationfile_read(state, &user, &record, &exists, NULL))
        memset(&record, 0, sizeof(record));
    sbx_calibration_put(&record, &all->entry);
    return sbx_calibrationfile_write(state, &user, &record, err);
}

static enum sbx_status try_all(struct calibrate *all, struct sbx_error *err)
{
    int recipe;
    bool passed = false;

    snprintf(all->entry.product_version, sizeof(all->entry.product_version), "%s", SBX_VERSION);
    sbx_platform_name(all->entry.os_build, sizeof(all->entry.os_build));
    for (recipe = SBX_TOKEN_STRICT; !passed && recipe <= SBX_TOKEN_STANDARD; recipe++) {
        enum sbx_status status = fresh(all, err);

        if (status)
            return status;
        passed = try_recipe(all, (enum sbx_token_choice)recipe);
        if (*all->run.cancel.count)
            return sbx_fail(err, SBX_CANCELLED, "cancelled: nothing was kept");
        if (all->unconfined)
            return sbx_fail(err, SBX_UNPROVEN,
                "nothing is confined on this platform: there is nothing to calibrate");
    }
    if (!all->report.mode[0]) /* no run came as far as a result */
        return sbx_fail(err, SBX_UNPROVEN, "no command ran with any recipe: %s",
            all->count ? all->results[all->count - 1].why : "");
    all->entry.mode = all->run.mode;
    return SBX_OK;
}

static void print_json(const struct calibrate *all, struct sbx_json_writer *w)
{
    enum sbx_token_choice recipe = sbx_calibration_recipe(&all->entry);
    size_t i;

    sbx_json_begin_object(w);
    sbx_json_key_string(w, "agent", SBX_VERSION);
    sbx_json_key_string(w, "platform", all->entry.os_build);
    sbx_json_key_string(w, "mode", sbx_mode_name(all->entry.mode));
    sbx_json_key_string(w, "recipe", recipe ? sbx_token_choice_name(recipe) : NULL);
    sbx_json_key_array(w, "rows");
    for (i = 0; i < all->count; i++) {
        const struct result *result = &all->results[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "recipe", sbx_token_choice_name(result->recipe));
        sbx_json_key_string(w, "id", result->id);
        sbx_json_key_string(w, "outcome",
            result->skipped  ? "skipped"
            : result->passed ? "passed"
                             : "failed");
        sbx_json_key_string(w, "why", result->why[0] ? result->why : NULL);
        sbx_json_key_uint64(w, "tookUs", result->took_us);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_end_object(w);
}

static enum sbx_status print_text(
    const struct calibrate *all, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_token_choice recipe = sbx_calibration_recipe(&all->entry);
    enum sbx_status status = sbx_buf_printf(text, err, "calibration on %s, mode %s\n\n",
        all->entry.os_build, sbx_mode_name(all->entry.mode));
    size_t i;

    for (i = 0; !status && i < all->count; i++) {
        const struct result *result = &all->results[i];

        status = sbx_buf_printf(text, err, "%-9s %-16s %s%s%s\n",
            sbx_token_choice_name(result->recipe), result->id,
            result->skipped  ? "skipped"
            : result->passed ? "passed"
                             : "FAILED",
            result->why[0] ? ": " : "", result->why);
    }
    if (status)
        return status;
    return recipe ? sbx_buf_printf(
                        text, err, "\nrecipe of token auto: %s\n", sbx_token_choice_name(recipe))
                  : sbx_buf_printf(text, err, "\nno recipe passed: token auto stays %s\n",
                        sbx_token_choice_name(SBX_TOKEN_STANDARD));
}

static int show(const struct calibrate *all, const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_json_writer w;
    struct sbx_buf text;
    struct sbx_error err;
    enum sbx_status status;
    bool said = true;

    sbx_error_init(&err);
    sbx_buf_init(&text, TEXT_MAX_BYTES);
    if (cli->json) {
        sbx_json_writer_begin(&w, &text, false);
        print_json(all, &w);
        status = sbx_json_writer_end(&w, &err);
    } else {
        status = print_text(all, &text, &err);
    }
    if (!status)
        said = cli->json ? sbx_verbs_print_json(say, &text) : sbx_verbs_print(say, &text);
    sbx_buf_done(&text);
    if (status)
        return sbx_verbs_failed(say, &err);
    if (!said)
        return SBX_EXIT_SANDBOX;
    return sbx_calibration_recipe(&all->entry) ? 0 : SBX_EXIT_FOUND;
}

static enum sbx_status prepare(struct calibrate *all, char **ret_runner, struct sbx_error *err)
{
    enum sbx_status status = sbx_verbs_policy(&all->cli, &all->prepared, err);

    if (!status)
        status = sbx_verify_find_beside("sandbox-probe.exe", &all->run.probe, err);
    if (!status)
        status = sbx_verify_find_beside("command-runner.exe", ret_runner, err);
    if (!status)
        status = sbx_consolectl_install(&all->run.cancel.event, err);
    all->run.cancel.count = sbx_consolectl_counter();
    return status ? status : sbx_verify_prepare(&all->run, err);
}

int sbx_calibrate_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    static struct calibrate all; /* too large for the stack */
    enum sbx_status status;
    struct sbx_error err;
    char *runner = NULL;
    size_t left = 0;
    int code;

    sbx_error_init(&err);
    memset(&all, 0, sizeof(all));
    all.cli = *cli;
    if (!all.cli.policy.mode)
        all.cli.policy.mode = SBX_MODE_AUTO;
    all.run.cli = &all.cli;
    all.run.say = say;
    all.run.mode = SBX_MODE_UNELEVATED;
    status = prepare(&all, &runner, &err);
    if (!status) {
        all.run.have_runners = !sbx_runner_pool_begin(&all.run.runners, runner, NULL);
        status = try_all(&all, &err);
        if (all.run.have_runners)
            sbx_runner_pool_end(&all.run.runners);
        sbx_verify_clean(&all.run, &left);
    }
    if (left)
        sbx_say_warning(
            say, "%llu entries of the fixture could not be removed", (unsigned long long)left);
    if (!status)
        status = keep(&all, &err);
    code = status ? sbx_verbs_failed(say, &err) : show(&all, cli, say);
    sbx_verbs_prepared_done(&all.prepared);
    free(all.run.probe);
    free(runner);
    return code;
}

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
#include "calibrateparts.h"
#include "doctor.h"

#include "shared/win/calibrationfile.h"
#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/platform.h"

#include <stdio.h>

#define TEXT_MAX_BYTES (256u * 1024u)

/* Attacks that every recipe must hold, and controls (C). */
static const char *const required[] = {"C1", "C3", "F1a", "F25c", "G1b", "P1a", "P17a"};

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

static void try_attack(struct sbx_calibrate *all, const struct sbx_verify_row *row,
    struct sbx_calibrate_result *result)
{
    struct sbx_verify_result seen;

    sbx_verify_try(&all->run, row, &seen, &all->report);
    if (!seen.seen.inside_ran) /* nothing began: as for work */
        sbx_verify_try(&all->run, row, &seen, &all->report);
    all->ran = all->ran || seen.seen.inside_ran;
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

static struct sbx_calibrate_result *begin(
    struct sbx_calibrate *all, enum sbx_token_choice recipe, const char *id)
{
    struct sbx_calibrate_result *result = &all->results[all->count];

    if (all->count + 1 < SBX_CALIBRATE_RESULTS_MAX)
        all->count++;
    memset(result, 0, sizeof(*result));
    result->recipe = recipe;
    result->id = id;
    result->took_us = sbx_clock_us();
    return result;
}

/* @return false: the recipe is out */
static bool count_in(struct sbx_calibrate_result *result, struct sbx_calibration_try *one)
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
static enum sbx_status fresh(struct sbx_calibrate *all, struct sbx_error *err)
{
    enum sbx_status status;

    if (!all->entry.try_count)
        return SBX_OK;
    sbx_verify_revoke(&all->run);
    status = sbx_verify_restore(&all->run.inside, err);
    return status ? status : sbx_verify_restore(&all->run.outside, err);
}

static bool try_recipe(struct sbx_calibrate *all, enum sbx_token_choice recipe)
{
    struct sbx_calibration_try *one = &all->entry.tries[all->entry.try_count++];
    bool good = true;
    size_t i;

    one->recipe = recipe;
    all->cli.policy.token = recipe;
    for (i = 0; good && i < sbx_calibrate_work_count() && !*all->run.cancel.count; i++) {
        struct sbx_calibrate_result *result = begin(all, recipe, sbx_calibrate_work_id(i));

        sbx_calibrate_work(all, i, result);
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
            struct sbx_calibrate_result *result = begin(all, recipe, row->id);

            try_attack(all, row, result);
            good = count_in(result, one);
        }
    }
    one->passed = good && one->rows > 0;
    return one->passed;
}

/* --- all of it ---------------------------------------------------------------------------------
 */

static enum sbx_status keep(const struct sbx_calibrate *all, struct sbx_error *err)
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

static enum sbx_status try_all(struct sbx_calibrate *all, struct sbx_error *err)
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
    if (!all->ran) /* nothing was shown about any recipe */
        return sbx_fail(err, SBX_UNPROVEN, "no command ran with any recipe: %s",
            all->count ? all->results[all->count - 1].why : "");
    all->entry.mode = all->run.mode;
    return SBX_OK;
}

static int show(
    const struct sbx_calibrate *all, const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_buf text;
    struct sbx_error err;
    enum sbx_status status;
    bool said = true;

    sbx_error_init(&err);
    sbx_buf_init(&text, TEXT_MAX_BYTES);
    status =
        cli->json ? sbx_calibrate_json(all, &text, &err) : sbx_calibrate_text(all, &text, &err);
    if (!status)
        said = sbx_verbs_show(cli, say, &text);
    sbx_buf_done(&text);
    if (status)
        return sbx_verbs_failed(say, &err);
    if (!said)
        return SBX_EXIT_SANDBOX;
    return sbx_calibration_recipe(&all->entry) ? 0 : SBX_EXIT_FOUND;
}

static enum sbx_status prepare(struct sbx_calibrate *all, char **ret_runner, struct sbx_error *err)
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
    struct sbx_calibrate *all = NULL; /* too large for the stack */
    enum sbx_status status;
    struct sbx_error err;
    char *runner = NULL;
    size_t left = 0;
    int code;

    sbx_error_init(&err);
    if (sbx_calloc(1, sizeof(*all), &all, &err))
        return sbx_verbs_failed(say, &err);
    all->cli = *cli;
    if (!all->cli.policy.mode)
        all->cli.policy.mode = SBX_MODE_AUTO;
    all->run.cli = &all->cli;
    all->run.say = say;
    all->run.mode = SBX_MODE_UNELEVATED;
    status = prepare(all, &runner, &err);
    if (!status) {
        all->run.have_runners = !sbx_runner_pool_begin(&all->run.runners, runner, NULL);
        status = try_all(all, &err);
        if (all->run.have_runners)
            sbx_runner_pool_end(&all->run.runners);
        sbx_verify_clean(&all->run, &left);
    }
    if (left)
        sbx_say_warning(
            say, "%llu entries of the fixture could not be removed", (unsigned long long)left);
    if (!status)
        status = keep(all, &err);
    code = status ? sbx_verbs_failed(say, &err) : show(all, cli, say);
    sbx_verbs_prepared_done(&all->prepared);
    free(all->run.probe);
    free(all);
    free(runner);
    return code;
}

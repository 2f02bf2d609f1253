/*
 * See verify.h: many attacks in one run. A start costs far more than an attack, and most attacks
 * are refused; so those share a run, and whatever is not plainly refused there is tried alone.
 */
#include "verifycheck.h"

#include "shared/win/clock.h"

#include <stdio.h>

#define WORDS_MAX_BYTES 32768u

/* Without the "seq|" of a row with several steps. */
static const char *steps_of(const struct sbx_verify_row *row)
{
    return strncmp(row->words, "seq|", 4) == 0 ? row->words + 4 : row->words;
}

/* One vector for the probe: per row its ping and its steps. None of them stops the next. */
static enum sbx_status all_words(struct sbx_verify_result *const *results, size_t count,
    struct sbx_buf *words, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_puts(words, "seq", err);
    size_t i;

    for (i = 0; !status && i < count; i++)
        status = sbx_buf_printf(words, err, "%s|create|{free}\\ping-%s|+|%s", i ? "|+" : "",
            results[i]->row->id, steps_of(results[i]->row));
    return status;
}

/* What the probe said of one row's ping, and of its last step, which is the attack. */
static enum sbx_status read_row(const struct sbx_verify_run *run, const char **output,
    struct sbx_verify_result *result, struct sbx_error *err)
{
    enum sbx_status status;
    const char *at;
    struct sbx_buf words;

    sbx_buf_init(&words, WORDS_MAX_BYTES);
    status = sbx_buf_printf(
        &words, err, "create|{free}\\ping-%s|+|%s", result->row->id, steps_of(result->row));
    if (!status) {
        struct sbx_buf expanded;

        sbx_buf_init(&expanded, WORDS_MAX_BYTES);
        status = sbx_verify_expand(words.data, run->inside.values, &expanded, err);
        at = expanded.data;
        result->seen.ping = status ? SBX_VERIFY_NONE : sbx_verify_step(output, at);
        result->seen.inside = result->seen.ping;
        while (!status && result->seen.inside && (at = strstr(at, "|+|")) != NULL) {
            at += 3;
            result->seen.inside = sbx_verify_step(output, at);
        }
        sbx_buf_done(&expanded);
    }
    sbx_buf_done(&words);
    return status;
}

/* One run for all. @param seen what it says of the run as a whole */
static enum sbx_status run_all(struct sbx_verify_run *run, struct sbx_verify_result *const *results,
    size_t count, struct sbx_verify_report *report, struct sbx_error *err)
{
    struct sbx_verify_row row = {.id = "together", .flags = SBX_VERIFY_NO_TRACE};
    struct sbx_verify_result whole = {.row = &row, .seen = {.mode = run->mode}};
    struct sbx_buf words, output;
    const char *at;
    enum sbx_status status;
    size_t i;

    sbx_buf_init(&words, WORDS_MAX_BYTES);
    sbx_buf_init(&output, 1);
    status = all_words(results, count, &words, err);
    row.words = words.data;
    if (!status)
        status = sbx_verify_try_inside(run, &row, &whole, report, &output, err);
    if (!status && (!whole.seen.inside_ran || !output.data))
        status = sbx_fail(err, SBX_UNPROVEN, "the run of several rows did not begin");
    for (i = 0, at = output.data; !status && i < count; i++) {
        results[i]->seen = whole.seen;
        status = read_row(run, &at, results[i], err);
    }
    sbx_buf_done(&output);
    sbx_buf_done(&words);
    return status;
}

/* The twin of a row that was answered, and the judge. */
static void finish(
    struct sbx_verify_run *run, struct sbx_verify_result *result, struct sbx_verify_report *report)
{
    struct sbx_error err;

    sbx_error_init(&err);
    if (sbx_verify_outside(run, result->row->words, &result->seen, &err))
        snprintf(result->error, sizeof(result->error), "%s", err.context);
    report->confined = result->seen.confined && (report->confined || !report->any_run);
    report->any_run = true;
    result->value = sbx_verify_judge(result->row, &result->seen, &result->why);
}

void sbx_verify_try_together(struct sbx_verify_run *run, struct sbx_verify_result *const *results,
    size_t count, struct sbx_verify_report *report)
{
    const uint64_t begun_us = sbx_clock_us();
    const bool ran = count > 1 && !run_all(run, results, count, report, NULL);
    const uint64_t each_us = (sbx_clock_us() - begun_us) / count;
    size_t i;

    for (i = 0; i < count; i++) {
        const struct sbx_verify_row *row = results[i]->row;
        const uint64_t own_us = sbx_clock_us();

        if (*run->cancel.count || (run->until_ms && !sbx_clock_left_ms(run->until_ms))) {
            *results[i] = (struct sbx_verify_result){.row = row}; /* without a twin: not tried */
            continue;
        }
        if (ran && sbx_verify_answered(row, &results[i]->seen)) {
            finish(run, results[i], report);
            results[i]->took_us = sbx_clock_us() - own_us;
        } else {
            run->spoiled = run->spoiled || ran; /* what the others made is not its business */
            sbx_verify_try(run, row, results[i], report);
        }
        results[i]->took_us += each_us;
    }
}

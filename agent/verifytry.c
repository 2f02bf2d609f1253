/* See verify.h: one row, outside and inside. */
#include "verifycheck.h"

#include "shared/core/json.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/pipe.h"
#include "shared/win/thread.h"

#include <stdio.h>

#define WORDS_MAX 512u /* of rows that share a run, too */
#define TWIN_MS 20000u
#define RUN_MS 20000u
#define OUTPUT_MAX_BYTES 65536u
#define PLACE_MAX_BYTES 32768u

/* A vector of words, cut at '|'; owns one copy of the text. */
struct words {
    char *text;
    const char *items[WORDS_MAX];
    size_t count;
};

static enum sbx_status add(struct words *words, const char *word, struct sbx_error *err)
{
    if (words->count == WORDS_MAX)
        return sbx_fail(err, SBX_INTERNAL, "a row has too many words");
    words->items[words->count++] = word;
    return SBX_OK;
}

static enum sbx_status add_cut(struct words *words, const char *text,
    const struct sbx_verify_fixture *fixture, struct sbx_buf *place, struct sbx_error *err)
{
    enum sbx_status status;
    char *copy, *bar;

    sbx_buf_clear(place);
    status = sbx_verify_expand(text, fixture->values, place, err);
    if (!status)
        status = sbx_strdup(place->data, &copy, err);
    if (status)
        return status;
    free(words->text); /* at most one text is cut per vector */
    words->text = copy;
    while (!status && (bar = strchr(copy, '|')) != NULL) {
        *bar = '\0';
        status = add(words, copy, err);
        copy = bar + 1;
    }
    return status ? status : add(words, copy, err);
}

uint32_t sbx_verify_limit_ms(const struct sbx_verify_run *run, uint32_t most_ms)
{
    const uint32_t left_ms = run->until_ms ? sbx_clock_left_ms(run->until_ms) : most_ms;

    if (left_ms >= most_ms)
        return most_ms;
    return left_ms < 1000 ? 1000 : left_ms;
}

static bool has_ancestors(const char *words)
{
    return strstr(words, "|^") != NULL;
}

/*
 * Commands that start a program of their own: it gets its parent's console. Others need none, and
 * are started without; making one takes a second process.
 */
static bool needs_console(const char *words)
{
    static const char *const starting[] = {
        "spawn", "console", "breakaway", "linger", "parentspoof", "|^"};
    size_t i;

    for (i = 0; i < countof(starting); i++)
        if (strstr(words, starting[i]))
            return true;
    return false;
}

/* --- outside ---------------------------------------------------------------------------------- */

/*
 * The same words as the user. What names the processes above (^1, ^2) is started two probes deep,
 * so that plain processes stand there.
 */
enum sbx_status sbx_verify_by_hand(const struct sbx_verify_run *run,
    const struct sbx_verify_fixture *fixture, const char *text, uint32_t *ret_exit_code,
    struct sbx_error *err)
{
    struct words words = {0};
    struct sbx_spawn spawn = {.image = run->probe,
        .options = SBX_SPAWN_OUR_ENVIRONMENT | SBX_SPAWN_RUN |
                   (needs_console(text) ? SBX_SPAWN_NO_WINDOW : SBX_SPAWN_DETACHED)};
    enum sbx_status status;
    struct sbx_buf place;

    sbx_buf_init(&place, PLACE_MAX_BYTES);
    status = add(&words, "sandbox-probe", err);
    if (!status && has_ancestors(text)) {
        status = add(&words, "spawn", err);
        if (!status)
            status = add(&words, "spawn", err);
    }
    if (!status)
        status = add_cut(&words, text, fixture, &place, err);
    spawn.argv = words.items;
    spawn.argc = words.count;
    spawn.cwd = run->folder; /* the fixture is made again: nobody may sit in it */
    if (!status)
        status = sbx_spawn_to_end(&spawn, sbx_verify_limit_ms(run, TWIN_MS), ret_exit_code, err);
    free(words.text);
    sbx_buf_done(&place);
    return status;
}

enum sbx_status sbx_verify_outside(struct sbx_verify_run *run, const char *words,
    struct sbx_verify_seen *seen, struct sbx_error *err)
{
    char before[65], after[65];
    uint32_t exit_code = 0;
    enum sbx_status status = sbx_verify_snapshot(&run->outside, before, err);

    if (!status)
        status = sbx_verify_by_hand(run, &run->outside, words, &exit_code, err);
    if (!status)
        status = sbx_verify_snapshot(&run->outside, after, err);
    if (!status) {
        seen->twin_ran = true;
        seen->twin = sbx_verify_outcome_of(exit_code);
        seen->twin_changed = strcmp(before, after) != 0;
    }
    /* Links that a twin made lie in the attack's own folder; the next row starts without them. */
    return status ? status : sbx_verify_restore(&run->outside, err);
}

/* --- inside ----------------------------------------------------------------------------------- */

/* The child's output is read by a thread, from a pipe. */
struct output {
    struct sbx_pipe pipe;
    HANDLE reader;
    struct sbx_buf bytes;
};

static DWORD WINAPI read_output(void *context)
{
    struct output *output = context;

    if (sbx_pipe_read_all(output->pipe.read, SBX_PIPE_FOREVER, &output->bytes, NULL))
        sbx_handle_close(&output->pipe.read); /* too much: the writer gets an error, not us */
    return 0;
}

static enum sbx_status open_output(void *context, HANDLE ret_child[3], struct sbx_error *err)
{
    struct output *output = context;
    enum sbx_status status = sbx_pipe_new(0, &output->pipe, err);

    memset(ret_child, 0, 3 * sizeof(*ret_child));
    if (!status)
        status = sbx_thread_start(read_output, output, &output->reader, err);
    ret_child[1] = output->pipe.write;
    return status;
}

static void output_handed_over(void *context)
{
    sbx_handle_close(&((struct output *)context)->pipe.write);
}

static void close_output(void *context)
{
    struct output *output = context;

    sbx_handle_close(&output->pipe.write);
    if (output->reader)
        WaitForSingleObject(output->reader, INFINITE);
    sbx_handle_close(&output->reader);
    sbx_pipe_close(&output->pipe);
}

static const char *place_of(const struct sbx_verify_fixture *fixture, const char *name)
{
    const char *const *at = fixture->values;

    while (*at && strcmp(*at, name) != 0)
        at += 2;
    return *at ? at[1] : "";
}

/* The whole vector: options of the run, the probe, its words. */
struct vector {
    struct words words, options, attack;
    char seconds[16];
};

static void vector_done(struct vector *vector)
{
    free(vector->words.text);
    free(vector->options.text);
    free(vector->attack.text);
}

/* Only its own options and ours, as a caller of `agent run` would write them. */
static enum sbx_status command_line(const struct sbx_verify_run *run,
    const struct sbx_verify_row *row, struct vector *vector, struct sbx_buf *place,
    struct sbx_error *err)
{
    struct words *const words = &vector->words, *const options = &vector->options;
    static const char *const modes[] = {"", "auto", "elevated", "unelevated"};
    static const char *const recipes[] = {"auto", "auto", "strict", "isolated", "standard"};
    const bool reading = row->options && strstr(row->options, "read-only");
    const bool seq = strncmp(row->words, "seq|", 4) == 0;
    const char *const free_place = place_of(&run->inside, "free");
    const char *const ws_place = place_of(&run->inside, "ws");
    enum sbx_status status = SBX_OK;
    size_t i;

    snprintf(vector->seconds, sizeof(vector->seconds), "%u",
        (unsigned)(sbx_verify_limit_ms(run, RUN_MS) / 1000));
    {
        const char *fixed[] = {"run", "--quiet", "--timeout", vector->seconds, "--cwd", ws_place,
            "--mode", modes[run->cli->policy.mode ? run->cli->policy.mode : SBX_MODE_AUTO],
            "--token", recipes[run->cli->policy.token]};
        const bool own_token = row->options && strstr(row->options, "--token");

        for (i = 0; !status && i < countof(fixed) - (own_token ? 2u : 0u); i++)
            status = add(words, fixed[i], err);
    }
    if (!status && run->cli->wine_unconfined)
        status = add(words, "--wine-unconfined", err);
    if (!status && row->options)
        status = add_cut(options, row->options, &run->inside, place, err);
    for (i = 0; !status && i < options->count; i++)
        status = add(words, options->items[i], err);
    if (!status)
        status = add(words, "--", err);
    if (!status)
        status = add(words, place_of(&run->inside, "probe"), err);
    /* The ping, in the same process before the attack. */
    sbx_buf_clear(place);
    if (!status)
        status = sbx_buf_printf(place, err, "seq|%s|%s\\%s%s|+|%s", reading ? "read" : "create",
            reading ? ws_place : free_place, reading ? "target.txt" : "ping-",
            reading ? "" : row->id, row->words + (seq ? 4 : 0));
    return status;
}

/* Messages of the runs are not the user's: a failure is in its row. */
static void swallow(void *context, const char *json, size_t length_bytes)
{
    (void)context, (void)json, (void)length_bytes;
}

/* What the result says about the run as a whole. */
static void read_result(const struct sbx_buf *json, struct sbx_verify_seen *seen,
    struct sbx_verify_report *report, char error[256])
{
    static const char *const recipes[] = {"strict", "isolated", "standard"};
    static const char *const modes[] = {"elevated", "unelevated"};
    struct sbx_json_at root, failure;
    struct cJSON *document = NULL;
    const char *text = NULL;
    size_t word;

    if (!json->data || sbx_json_parse(json->data, json->length_bytes, NULL, &document, NULL) ||
        sbx_json_root_object(document, &root, NULL)) {
        snprintf(error, 256, "the run gave no result");
        sbx_json_free(document);
        return;
    }
    if (sbx_json_get_bool(&root, "confined", &seen->confined, NULL))
        seen->confined = false;
    if (sbx_json_has(&root, "recipe") &&
        !sbx_json_get_enum(&root, "recipe", recipes, countof(recipes), &word, NULL)) {
        seen->recipe = (enum sbx_token_choice)(SBX_TOKEN_STRICT + (int)word);
        snprintf(report->recipe, sizeof(report->recipe), "%s", recipes[word]);
    }
    if (sbx_json_has(&root, "mode") &&
        !sbx_json_get_enum(&root, "mode", modes, countof(modes), &word, NULL)) {
        seen->mode = word ? SBX_MODE_UNELEVATED : SBX_MODE_ELEVATED;
        snprintf(report->mode, sizeof(report->mode), "%s", modes[word]);
    }
    if (!sbx_json_get_string(&root, "platform", 95, &text, NULL) && text)
        snprintf(report->platform, sizeof(report->platform), "%s", text);
    text = NULL;
    if (!report->policy_hash[0] && !sbx_json_get_string(&root, "policyHash", 64, &text, NULL) &&
        text)
        snprintf(report->policy_hash, sizeof(report->policy_hash), "%s", text);
    text = NULL;
    if (!sbx_json_get_object(&root, "error", &failure, NULL) && failure.item &&
        !sbx_json_get_string(&failure, "message", 4096, &text, NULL) && text)
        snprintf(error, 256, "%s", text);
    sbx_json_free(document);
}

static enum sbx_status fill_vector(const struct sbx_verify_run *run,
    const struct sbx_verify_row *row, struct vector *vector, struct sbx_error *err)
{
    struct sbx_buf place, cut;
    enum sbx_status status;
    size_t i;

    sbx_buf_init(&place, PLACE_MAX_BYTES);
    sbx_buf_init(&cut, PLACE_MAX_BYTES);
    status = command_line(run, row, vector, &place, err);
    if (!status)
        status = add_cut(&vector->attack, place.data, &run->inside, &cut, err);
    for (i = 0; !status && i < vector->attack.count; i++)
        status = add(&vector->words, vector->attack.items[i], err);
    sbx_buf_done(&place);
    sbx_buf_done(&cut);
    return status;
}

uint32_t sbx_verify_inside(struct sbx_verify_run *run, const struct sbx_cli *cli,
    struct sbx_verify_result *result, struct sbx_verify_report *report, struct sbx_buf *ret_output,
    struct sbx_buf *ret_json)
{
    struct output output = {{0}, NULL, {0}};
    const struct sbx_say silent = {.quiet = true, .sink = swallow};
    const struct sbx_run_how how = {.cli = cli,
        .say = &silent,
        .streams = {open_output, output_handed_over, close_output, &output},
        .cancel = run->cancel,
        .runners = run->have_runners ? &run->runners : NULL};
    struct sbx_verify_seen *seen = &result->seen;
    struct sbx_buf json;
    uint32_t exit_code;

    sbx_buf_init(&json, SBX_RUN_JSON_MAX_BYTES);
    sbx_buf_init(&output.bytes, OUTPUT_MAX_BYTES);
    exit_code = sbx_run(&how, &json);
    sbx_runner_pool_refill(how.runners, true);
    read_result(&json, seen, report, result->error);
    seen->inside_ran = !result->error[0];
    if (ret_json)
        *ret_json = json;
    else
        sbx_buf_done(&json);
    *ret_output = output.bytes;
    return exit_code;
}

static void run_inside(struct sbx_verify_run *run, const struct sbx_cli *cli,
    struct sbx_verify_result *result, struct sbx_verify_report *report, struct sbx_buf *ret_output)
{
    uint32_t exit_code = sbx_verify_inside(run, cli, result, report, ret_output, NULL);

    result->seen.inside = sbx_verify_outcome_of(exit_code);
    if (!sbx_buf_putc(ret_output, '\0', NULL))
        result->seen.ping = sbx_verify_first(ret_output->data);
}

enum sbx_status sbx_verify_try_inside(struct sbx_verify_run *run, const struct sbx_verify_row *row,
    struct sbx_verify_result *result, struct sbx_verify_report *report, struct sbx_buf *ret_output,
    struct sbx_error *err)
{
    struct vector vector = {0};
    char before[65], after[65];
    struct sbx_cli cli;
    enum sbx_status status = SBX_OK;

    sbx_buf_init(ret_output, 1);
    if (run->spoiled) {
        sbx_verify_revoke(run);
        status = sbx_verify_restore(&run->inside, err);
        run->spoiled = status;
    }
    if (!status)
        status = fill_vector(run, row, &vector, err);
    if (!status)
        status = sbx_verify_snapshot(&run->inside, before, err);
    if (!status)
        status = sbx_cli_parse(vector.words.items, vector.words.count, &cli, err);
    if (!status) {
        run_inside(run, &cli, result, report, ret_output);
        sbx_cli_done(&cli);
        status = sbx_verify_snapshot(&run->inside, after, err);
        result->seen.inside_changed = !status && strcmp(before, after) != 0;
    }
    /* The sandbox did not hold, or the name was quarantined: the next row needs it whole. */
    if (!status && result->seen.inside_changed) {
        sbx_verify_revoke(run);
        status = sbx_verify_restore(&run->inside, err);
    }
    vector_done(&vector);
    return status;
}

/* Outside and inside. */
static enum sbx_status try_probe(struct sbx_verify_run *run, struct sbx_verify_result *result,
    struct sbx_verify_report *report, struct sbx_error *err)
{
    struct sbx_buf output;
    enum sbx_status status = sbx_verify_try_inside(run, result->row, result, report, &output, err);

    sbx_buf_done(&output);
    return status ? status : sbx_verify_outside(run, result->row->words, &result->seen, err);
}

void sbx_verify_try(struct sbx_verify_run *run, const struct sbx_verify_row *row,
    struct sbx_verify_result *ret_result, struct sbx_verify_report *report)
{
    const uint64_t begun_us = sbx_clock_us();
    const struct sbx_verify_check check = {run, ret_result, report};
    enum sbx_status status = SBX_OK;
    struct sbx_error err;

    sbx_error_init(&err);
    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->row = row;
    ret_result->seen.mode = run->mode;
    ret_result->seen.wine = sbx_late_wine_version() != NULL;
    if (row->words && sbx_verify_applies(row, run->mode)) {
        status = sbx_verify_is_check(row) ? sbx_verify_check_row(&check, &err)
                                          : try_probe(run, ret_result, report, &err);
        if (status)
            snprintf(ret_result->error, sizeof(ret_result->error), "%s", err.context);
        if (ret_result->seen.inside_ran) {
            report->confined = ret_result->seen.confined && (report->confined || !report->any_run);
            report->any_run = true;
        }
    }
    ret_result->value = sbx_verify_judge(row, &ret_result->seen, &ret_result->why);
    ret_result->took_us = sbx_clock_us() - begun_us;
}

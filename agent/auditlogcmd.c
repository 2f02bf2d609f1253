/* `agent audit show` and `agent audit verify`: see verbs.h and shared/win/auditlog.h. */
#include "verbs.h"

#include "facts.h"
#include "shared/core/auditrecord.h"
#include "shared/core/json.h"
#include "shared/core/jsonwrite.h"
#include "shared/win/auditlog.h"
#include "shared/win/consolectl.h"

#define LINE_MAX_BYTES (2u * SBX_AUDIT_LINE_MAX)
#define FOLLOW_MS 250u
#define SINCE_SIZE 32u

/* Where the log is. SBX_NOT_FOUND: nothing was ever recorded. */
static enum sbx_status open_log(struct sbx_auditlog *log, struct sbx_error *err)
{
    struct sbx_facts facts = {0};
    enum sbx_status status = sbx_facts_places(NULL, &facts, err);

    if (!status)
        status = sbx_auditlog_open(facts.state_directory, false, log, err);
    sbx_facts_done(&facts);
    return status;
}

/* --- show ------------------------------------------------------------------------------------- */

struct show {
    const struct sbx_cli *cli;
    const struct sbx_say *say;
    struct sbx_auditlog log;
    char since[SINCE_SIZE]; /* time stamps compare as text */
    uint32_t number;        /* of the file that was read last */
    size_t at;              /* bytes of it that were shown */
};

/* "90s", "10m", "2h", "3d": that long ago; anything else is the start of a time stamp. */
static enum sbx_status parse_since(const char *text, char since[SINCE_SIZE], struct sbx_error *err)
{
    static const struct {
        char unit;
        uint64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    const uint64_t now_ms = sbx_auditlog_now_ms();
    uint64_t number = 0;
    const char *p = text;
    size_t i;

    while (*p >= '0' && *p <= '9' && p - text < 6)
        number = number * 10 + (uint64_t)(*p++ - '0');
    for (i = 0; p > text && i < countof(units); i++) {
        if (p[0] != units[i].unit || p[1])
            continue;
        number *= units[i].ms;
        sbx_audit_time_text(number < now_ms ? now_ms - number : 0, since);
        return SBX_OK;
    }
    if (p - text != 4 || strlen(text) >= SINCE_SIZE ||
        strspn(text, "0123456789-:.TZ") != strlen(text))
        return sbx_fail(err, SBX_INVALID,
            "--since: '%.40s' is no time (10m, 2h, 3d, 2026-01-31, 2026-01-31T12:00)", text);
    memcpy(since, text, strlen(text) + 1);
    return SBX_OK;
}

static const char *text_of(const struct sbx_json_at *root, const char *section, const char *key)
{
    struct sbx_json_at at = {0};
    const char *text = "";

    if (sbx_json_get_object(root, section, &at, NULL) || !at.item ||
        sbx_json_get_string(&at, key, LINE_MAX_BYTES, &text, NULL))
        return "";
    return text;
}

static enum sbx_status add_arguments(
    const struct sbx_json_at *root, struct sbx_buf *text, struct sbx_error *err)
{
    struct sbx_json_at process = {0};
    const char **list = NULL;
    size_t count = 0, i;
    enum sbx_status status = sbx_json_get_object(root, "process", &process, err);

    if (!status && process.item)
        status = sbx_json_get_string_list(
            &process, "args", SBX_STRINGS_MAX, LINE_MAX_BYTES, &list, &count, err);
    for (i = 0; !status && i < count; i++)
        status = sbx_buf_printf(text, err, " %s", list[i]);
    free(list);
    return status;
}

/* One record as one line: when, what, how it ended, about what. */
static enum sbx_status add_text(
    const struct sbx_json_at *root, struct sbx_buf *text, struct sbx_error *err)
{
    static const char *const details[][2] = {{"file", "path"},
        {"agent_sandbox", "approval_subject"}, {"agent_sandbox", "approval_choice"},
        {"agent_sandbox", "change"}, {"agent_sandbox", "setup_mode"},
        {"agent_sandbox", "setup_step"}, {"agent_sandbox", "ended"}, {"event", "reason"},
        {"error", "message"}};
    const char *time = "";
    enum sbx_status status = sbx_json_get_string(root, "@timestamp", 64, &time, err);
    size_t i;

    if (!status)
        status = sbx_buf_printf(text, err, "%s  %-16s  %-7s ", time,
            text_of(root, "event", "action"), text_of(root, "event", "outcome"));
    if (!status)
        status = add_arguments(root, text, err);
    for (i = 0; !status && i < countof(details); i++) {
        const char *detail = text_of(root, details[i][0], details[i][1]);

        if (*detail)
            status = sbx_buf_printf(text, err, " [%s]", detail);
    }
    return status ? status : sbx_buf_putc(text, '\n', err);
}

/* @param line with its line end. A line that is no record is shown as such: verify says more. */
static enum sbx_status show_line(
    const struct show *show, const char *line, size_t length, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {SBX_AUDIT_LINE_MAX, 8};
    enum sbx_status status = SBX_OK;
    struct cJSON *doc = NULL;
    struct sbx_json_at root;
    const char *time = "";
    struct sbx_buf text;

    sbx_buf_init(&text, LINE_MAX_BYTES);
    if (sbx_json_parse(line, length - 1, &limits, &doc, NULL) ||
        sbx_json_root_object(doc, &root, NULL) ||
        sbx_json_get_string(&root, "@timestamp", 64, &time, NULL)) {
        status =
            sbx_buf_puts(&text, show->cli->json ? "{\"damaged\":true}\n" : "(no record)\n", err);
    } else if (strcmp(time, show->since) >= 0) {
        status =
            show->cli->json ? sbx_buf_add(&text, line, length, err) : add_text(&root, &text, err);
    }
    if (!status && text.length_bytes &&
        !(show->cli->json ? sbx_verbs_print_json(show->say, &text)
                          : sbx_verbs_print(show->say, &text)))
        status = sbx_fail(err, SBX_CANCELLED, "nobody reads any more");
    sbx_json_free(doc);
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status show_file(struct show *show, struct sbx_error *err)
{
    struct sbx_buf bytes;
    enum sbx_status status;
    size_t whole;

    sbx_buf_init(&bytes, SBX_AUDITLOG_FILE_MAX_BYTES);
    status = sbx_auditlog_read(&show->log, show->number, &bytes, err);
    whole = sbx_audit_whole_bytes(bytes.data, bytes.length_bytes);
    while (!status && show->at < whole) {
        const char *line = bytes.data + show->at;
        const char *end = memchr(line, '\n', whole - show->at);
        size_t length = end ? (size_t)(end - line) + 1 : whole - show->at;

        status = show_line(show, line, length, err);
        show->at += length;
    }
    sbx_buf_done(&bytes);
    return status == SBX_NOT_FOUND ? SBX_OK : status; /* removed by a rotation meanwhile */
}

/* What is there now; the last file again, for what was added to it. */
static enum sbx_status show_new(struct show *show, struct sbx_error *err)
{
    uint32_t lowest = 0, highest = 0;
    enum sbx_status status = sbx_auditlog_range(&show->log, &lowest, &highest, err);

    if (!status && show->number < lowest) {
        show->number = lowest;
        show->at = 0;
    }
    while (!status && show->number) {
        status = show_file(show, err);
        if (show->number >= highest)
            break;
        show->number++;
        show->at = 0;
    }
    return status;
}

static enum sbx_status follow(struct show *show, struct sbx_error *err)
{
    HANDLE cancelled = NULL;
    enum sbx_status status = sbx_consolectl_install(&cancelled, err);

    while (!status && WaitForSingleObject(cancelled, FOLLOW_MS) == WAIT_TIMEOUT)
        status = show_new(show, err);
    return status;
}

int sbx_audit_show_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct show show = {.cli = cli, .say = say};
    enum sbx_status status = SBX_OK;
    struct sbx_error err;

    sbx_error_init(&err);
    if (cli->since)
        status = parse_since(cli->since, show.since, &err);
    if (!status)
        status = open_log(&show.log, &err);
    if (!status)
        status = show_new(&show, &err);
    if (!status && cli->follow)
        status = follow(&show, &err);
    sbx_auditlog_close(&show.log);
    if (!status || status == SBX_NOT_FOUND || (cli->follow && status == SBX_CANCELLED))
        return 0; /* no log: nothing to show */
    return sbx_verbs_failed(say, &err);
}

/* --- verify ----------------------------------------------------------------------------------- */

struct verify {
    struct sbx_audit_check check;
    uint32_t lowest, highest;
    char damaged_file[SBX_AUDITLOG_NAME_SIZE]; /* "": none */
    struct sbx_error damage;
};

static enum sbx_status check_files(
    struct verify *verify, const struct sbx_auditlog *log, struct sbx_error *err)
{
    enum sbx_status status = sbx_auditlog_range(log, &verify->lowest, &verify->highest, err);
    uint32_t number;

    for (number = verify->lowest; !status && number && number <= verify->highest; number++) {
        struct sbx_buf bytes;

        sbx_buf_init(&bytes, SBX_AUDITLOG_FILE_MAX_BYTES);
        status = sbx_auditlog_read(log, number, &bytes, err);
        if (!status && sbx_audit_check_file(&verify->check, bytes.data ? bytes.data : "",
                           bytes.length_bytes, number == verify->highest, &verify->damage)) {
            sbx_auditlog_name(number, verify->damaged_file);
            number = verify->highest; /* the first one is what counts */
        }
        sbx_buf_done(&bytes);
    }
    return status;
}

static bool is_good(const struct verify *verify)
{
    return !verify->damaged_file[0] && !verify->check.restarts;
}

static enum sbx_status verify_json(
    const struct verify *verify, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_audit_check *check = &verify->check;
    struct sbx_json_writer w;
    enum sbx_status status;

    sbx_json_writer_begin(&w, text, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_bool(&w, "ok", is_good(verify));
    sbx_json_key_uint64(&w, "files", verify->highest ? verify->highest - verify->lowest + 1 : 0);
    sbx_json_key_uint64(&w, "records", check->records);
    sbx_json_key_uint64(&w, "firstSequence", check->begins_at);
    sbx_json_key_uint64(&w, "lastSequence", check->tip.sequence);
    sbx_json_key_string(&w, "lastHash", check->started ? check->tip.hash : NULL);
    sbx_json_key_uint64(&w, "unfinishedBytes", check->torn_bytes);
    sbx_json_key_uint64(&w, "restarts", check->restarts);
    if (verify->damaged_file[0]) {
        sbx_json_key_object(&w, "damaged");
        sbx_json_key_string(&w, "file", verify->damaged_file);
        sbx_json_key_string(&w, "message", verify->damage.context);
        sbx_json_end_object(&w);
    } else {
        sbx_json_key_null(&w, "damaged");
    }
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(text, '\n', err);
}

static enum sbx_status verify_text(
    const struct verify *verify, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_audit_check *check = &verify->check;
    enum sbx_status status = SBX_OK;

    if (check->started)
        status = sbx_buf_printf(text, err,
            "%llu records, %llu to %llu, each follows the one before\nlast hash: %s\n",
            (unsigned long long)check->records, (unsigned long long)check->begins_at,
            (unsigned long long)check->tip.sequence, check->tip.hash);
    else if (is_good(verify))
        status = sbx_buf_puts(text, "nothing is recorded\n", err);
    if (!status && check->torn_bytes)
        status = sbx_buf_printf(text, err,
            "the last append did not finish (%zu bytes): no record\n", check->torn_bytes);
    if (!status && verify->damaged_file[0])
        status = sbx_buf_printf(
            text, err, "DAMAGED: %s: %s\n", verify->damaged_file, verify->damage.context);
    if (!status && check->restarts)
        status = sbx_buf_printf(text, err,
            "DAMAGED: the end of the log was lost %llu times, and a new chain began\n",
            (unsigned long long)check->restarts);
    return status;
}

int sbx_audit_verify_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct verify verify = {0};
    struct sbx_auditlog log = {0};
    enum sbx_status status;
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_error_init(&verify.damage);
    sbx_buf_init(&text, LINE_MAX_BYTES);
    status = open_log(&log, &err);
    if (!status)
        status = check_files(&verify, &log, &err);
    else if (status == SBX_NOT_FOUND)
        status = SBX_OK;
    if (!status)
        status = cli->json ? verify_json(&verify, &text, &err) : verify_text(&verify, &text, &err);
    if (!status && !sbx_verbs_show(cli, say, &text))
        status = sbx_fail(&err, SBX_OS, "standard output cannot be written");
    sbx_buf_done(&text);
    sbx_auditlog_close(&log);
    if (status)
        return sbx_verbs_failed(say, &err);
    return is_good(&verify) ? 0 : SBX_EXIT_FOUND;
}

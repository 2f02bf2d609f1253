/* See verify.h. */
#include "verify.h"

static const char *const class_names[] = {
    "", "held", "BROKEN", "residual", "not applicable", "cannot tell"};
static const char *const group_names[] = {"files", "repository persistence", "network",
    "process and token", "desktop and input", "credentials", "state and setup"};

const char *sbx_verify_class_name(enum sbx_verify_class value)
{
    return (size_t)value < countof(class_names) ? class_names[value] : "";
}

const char *sbx_verify_group_name(enum sbx_verify_group group)
{
    return (size_t)group < countof(group_names) ? group_names[group] : "";
}

bool sbx_verify_applies(const struct sbx_verify_row *row, enum sbx_mode mode)
{
    if (row->flags & SBX_VERIFY_ONLY_ELEVATED)
        return mode == SBX_MODE_ELEVATED;
    if (row->flags & SBX_VERIFY_ONLY_UNELEVATED)
        return mode == SBX_MODE_UNELEVATED;
    return true;
}

enum sbx_verify_outcome sbx_verify_outcome_of(uint32_t exit_code)
{
    switch (exit_code) {
    case 70:
        return SBX_VERIFY_SUCCEEDED;
    case 71:
        return SBX_VERIFY_DENIED;
    case 72:
        return SBX_VERIFY_NOT_FOUND;
    default:
        return SBX_VERIFY_ODD;
    }
}

/* Of a line "= OUTCOME ERROR WORDS". */
static enum sbx_verify_outcome of_line(const char *line)
{
    static const struct {
        const char *text;
        enum sbx_verify_outcome outcome;
    } words[] = {{"= SUCCEEDED", SBX_VERIFY_SUCCEEDED}, {"= DENIED", SBX_VERIFY_DENIED},
        {"= NOT_FOUND", SBX_VERIFY_NOT_FOUND}};
    size_t i;

    for (i = 0; i < countof(words); i++)
        if (strncmp(line, words[i].text, strlen(words[i].text)) == 0)
            return words[i].outcome;
    return SBX_VERIFY_ODD;
}

enum sbx_verify_outcome sbx_verify_first(const char *output)
{
    const char *line = output;

    while (line && *line) {
        if (strncmp(line, "= ", 2) == 0)
            return of_line(line);
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return SBX_VERIFY_NONE;
}

/* Behind "= OUTCOME ERROR ": exactly these words, a blank where they have a bar. */
static bool has_words(const char *line, const char *end, const char *words, size_t length)
{
    size_t i, blanks = 0;

    if (strncmp(line, "= ", 2) != 0)
        return false;
    for (; line < end && blanks < 3; line++)
        blanks += *line == ' ';
    if ((size_t)(end - line) != length)
        return false;
    for (i = 0; i < length; i++)
        if (line[i] != (words[i] == '|' ? ' ' : words[i]))
            return false;
    return true;
}

enum sbx_verify_outcome sbx_verify_step(const char **output, const char *words)
{
    const char *more = strstr(words, "|+|"), *line = *output, *end;
    const size_t length = more ? (size_t)(more - words) : strlen(words);

    /* A step without its line end was cut: what it said is not known. */
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        if (!has_words(line, end > line && end[-1] == '\r' ? end - 1 : end, words, length))
            continue;
        *output = end + 1;
        return of_line(line);
    }
    return SBX_VERIFY_NONE;
}

/* Whether the row says that this mode and recipe cannot hold it. */
static bool residual(const struct sbx_verify_row *row, const struct sbx_verify_seen *seen)
{
    bool standard = seen->recipe == SBX_TOKEN_STANDARD;

    return (row->flags & SBX_VERIFY_RESIDUAL_BOTH) ||
           (row->flags & SBX_VERIFY_RESIDUAL_UNELEVATED && seen->mode == SBX_MODE_UNELEVATED) ||
           (row->flags & SBX_VERIFY_RESIDUAL_STANDARD && standard) ||
           (row->flags & SBX_VERIFY_RESIDUAL_LOOSE &&
               (standard || seen->recipe == SBX_TOKEN_ISOLATED));
}

bool sbx_verify_is_check(const struct sbx_verify_row *row)
{
    return row->words && row->words[0] == '@';
}

bool sbx_verify_shares(const struct sbx_verify_row *row, enum sbx_mode mode, bool wine)
{
    const unsigned may_work = SBX_VERIFY_RESIDUAL_UNELEVATED | SBX_VERIFY_RESIDUAL_LOOSE |
                              SBX_VERIFY_RESIDUAL_STANDARD | SBX_VERIFY_RESIDUAL_BOTH;

    return row->words && !row->options && !sbx_verify_is_check(row) &&
           sbx_verify_applies(row, mode) && !(row->flags & may_work) &&
           !(wine && row->flags & SBX_VERIFY_NOT_IN_WINE);
}

/* What a refusal looks like. */
static bool was_refused(const struct sbx_verify_row *row, const struct sbx_verify_seen *seen)
{
    return seen->inside == SBX_VERIFY_DENIED ||
           (seen->inside == SBX_VERIFY_NOT_FOUND && row->flags & SBX_VERIFY_ABSENT_TOO);
}

bool sbx_verify_answered(const struct sbx_verify_row *row, const struct sbx_verify_seen *seen)
{
    if (!seen->inside_ran || !seen->confined || seen->inside_changed ||
        seen->ping != SBX_VERIFY_SUCCEEDED)
        return false;
    return row->flags & SBX_VERIFY_MUST_WORK ? seen->inside == SBX_VERIFY_SUCCEEDED
                                             : was_refused(row, seen);
}

static enum sbx_verify_class of_control(const struct sbx_verify_seen *seen, const char **ret_why)
{
    if (seen->inside != SBX_VERIFY_SUCCEEDED) {
        *ret_why = "ordinary work does not succeed inside: the refusals mean nothing";
        return SBX_VERIFY_CANNOT_TELL;
    }
    *ret_why = seen->confined ? "works inside, as it should" : "works; nothing is confined here";
    return seen->confined ? SBX_VERIFY_HELD : SBX_VERIFY_CANNOT_TELL;
}

static enum sbx_verify_class of_twin(
    const struct sbx_verify_row *row, const struct sbx_verify_seen *seen, const char **ret_why)
{
    const bool trace = !(row->flags & SBX_VERIFY_NO_TRACE);

    if (!seen->twin_ran || seen->twin == SBX_VERIFY_NONE) {
        *ret_why = "the attack could not be tried outside the sandbox";
        return SBX_VERIFY_CANNOT_TELL;
    }
    if (seen->twin == SBX_VERIFY_SUCCEEDED && (!trace || seen->twin_changed))
        return 0;
    if (row->flags & SBX_VERIFY_TWIN_MAY_FAIL) {
        *ret_why = "the user is refused outside the sandbox, too";
        return SBX_VERIFY_NOT_APPLICABLE;
    }
    *ret_why = "the attack does not work outside the sandbox either: the probe shows nothing";
    return SBX_VERIFY_CANNOT_TELL;
}

enum sbx_verify_class sbx_verify_judge(
    const struct sbx_verify_row *row, const struct sbx_verify_seen *seen, const char **ret_why)
{
    const bool worked = seen->inside == SBX_VERIFY_SUCCEEDED || seen->inside_changed;
    enum sbx_verify_class twin;

    *ret_why = row->reason ? row->reason : "";
    if (!sbx_verify_applies(row, seen->mode)) {
        *ret_why = "another mode's row";
        return SBX_VERIFY_NOT_APPLICABLE;
    }
    if (!row->words)
        return row->unprobed;
    if (!seen->inside_ran || seen->ping != SBX_VERIFY_SUCCEEDED) {
        *ret_why = "a harmless step failed inside: nothing of the attack was seen";
        return worked && seen->inside_ran && !(row->flags & SBX_VERIFY_MUST_WORK)
                   ? SBX_VERIFY_BROKEN
                   : SBX_VERIFY_CANNOT_TELL;
    }
    if (row->flags & SBX_VERIFY_MUST_WORK)
        return of_control(seen, ret_why);
    /* Before the twin: what worked inside is open, whatever happened outside. */
    if (worked) {
        if (residual(row, seen))
            return SBX_VERIFY_RESIDUAL;
        if (seen->wine && row->flags & SBX_VERIFY_NOT_IN_WINE) {
            *ret_why = "it worked, and Wine checks no such thing";
            return SBX_VERIFY_CANNOT_TELL;
        }
        *ret_why = sbx_verify_is_check(row) ? "it was not stopped"
                   : seen->confined         ? "it worked inside the sandbox"
                                            : "it worked: nothing is confined on this platform";
        return SBX_VERIFY_BROKEN;
    }
    twin = of_twin(row, seen, ret_why);
    if (twin)
        return twin;
    if (!was_refused(row, seen)) {
        *ret_why = "neither worked nor was it refused";
        return SBX_VERIFY_CANNOT_TELL;
    }
    if (!seen->confined) {
        *ret_why = "refused, but not by a sandbox: nothing is confined on this platform";
        return SBX_VERIFY_CANNOT_TELL;
    }
    *ret_why = sbx_verify_is_check(row) ? "possible elsewhere, stopped here"
                                        : "works outside, refused inside";
    return SBX_VERIFY_HELD;
}

enum sbx_status sbx_verify_expand(
    const char *words, const char *const *values, struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const char *at = words, *open, *close;

    while (!status && (open = strchr(at, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
        const char *const *value = values;
        size_t length = (size_t)(close - open) - 1;

        while (*value && (strncmp(*value, open + 1, length) != 0 || (*value)[length]))
            value += 2;
        if (!*value)
            return sbx_fail(
                err, SBX_INVALID, "'%.*s' is no place of the fixture", (int)length + 2, open);
        status = sbx_buf_add(ret_text, at, (size_t)(open - at), err);
        if (!status)
            status = sbx_buf_puts(ret_text, value[1], err);
        at = close + 1;
    }
    return status ? status : sbx_buf_puts(ret_text, at, err);
}

/*
 * See gitconfig.h. One pass; a position, no recursion, no allocation but for what is reported.
 *
 * git's grammar, as its documentation has it: [section], [section "sub"] (escapes \" and \\, no
 * line end), the old [section.sub]; keys of letters, digits and '-', starting with a letter, also
 * on the line of the header; "key" alone means true; values with quotes, the escapes \" \\ \n \t
 * \b, a backslash before the line end, and comments from '#' or ';' outside quotes.
 */
#include "gitconfig.h"

#include "buf.h"
#include "utf.h"

#define NAME_MAX_BYTES 128u
#define VALUE_SEEN_BYTES 16u

enum sub { SUB_NO, SUB_YES, SUB_ANY }; /* must there be a subsection? */

/* When a value counts. */
enum when {
    ALWAYS,
    NOT_BOOL, /* a program's name; true and false select something built in */
    BANG,     /* starts with '!': a shell command */
    EXT       /* starts with "ext::": a transport that runs a command */
};

static const struct row {
    const char *section;
    const char *key; /* "*": every key of the section */
    enum sub sub;
    enum when when;
} rows[] = {
    {"core", "hookspath", SUB_NO, ALWAYS},
    {"core", "fsmonitor", SUB_NO, NOT_BOOL},
    {"core", "sshcommand", SUB_NO, ALWAYS},
    {"core", "pager", SUB_NO, ALWAYS},
    {"core", "editor", SUB_NO, ALWAYS},
    {"core", "askpass", SUB_NO, ALWAYS},
    {"core", "gitproxy", SUB_NO, ALWAYS},
    {"core", "alternaterefscommand", SUB_NO, ALWAYS},
    {"core", "attributesfile", SUB_NO, ALWAYS},
    {"alias", "*", SUB_ANY, BANG},
    {"filter", "clean", SUB_YES, ALWAYS},
    {"filter", "smudge", SUB_YES, ALWAYS},
    {"filter", "process", SUB_YES, ALWAYS},
    {"diff", "external", SUB_NO, ALWAYS},
    {"diff", "command", SUB_YES, ALWAYS},
    {"diff", "textconv", SUB_YES, ALWAYS},
    {"merge", "driver", SUB_YES, ALWAYS},
    {"include", "path", SUB_NO, ALWAYS},
    {"includeif", "path", SUB_YES, ALWAYS},
    {"credential", "helper", SUB_ANY, ALWAYS},
    {"gpg", "program", SUB_ANY, ALWAYS},
    {"gpg", "defaultkeycommand", SUB_YES, ALWAYS},
    {"sequence", "editor", SUB_NO, ALWAYS},
    {"pager", "*", SUB_NO, NOT_BOOL},
    {"interactive", "difffilter", SUB_NO, ALWAYS},
    {"hook", "*", SUB_YES, ALWAYS},
    {"remote", "uploadpack", SUB_YES, ALWAYS},
    {"remote", "receivepack", SUB_YES, ALWAYS},
    {"remote", "vcs", SUB_YES, ALWAYS},
    {"remote", "url", SUB_YES, EXT},
    {"remote", "pushurl", SUB_YES, EXT},
    {"protocol", "*", SUB_ANY, ALWAYS},
    {"url", "*", SUB_YES, ALWAYS},
    {"submodule", "update", SUB_YES, BANG},
    {"submodule", "url", SUB_YES, EXT},
    {"uploadpack", "packobjectshook", SUB_NO, ALWAYS},
    {"receive", "procreceiverefs", SUB_NO, ALWAYS},
    {"mergetool", "cmd", SUB_YES, ALWAYS},
    {"mergetool", "path", SUB_YES, ALWAYS},
    {"difftool", "cmd", SUB_YES, ALWAYS},
    {"difftool", "path", SUB_YES, ALWAYS},
    {"guitool", "cmd", SUB_YES, ALWAYS},
    {"browser", "*", SUB_YES, ALWAYS},
    {"man", "*", SUB_YES, ALWAYS},
    {"trailer", "cmd", SUB_YES, ALWAYS},
    {"trailer", "command", SUB_YES, ALWAYS},
    {"tar", "command", SUB_YES, ALWAYS},
    {"sendemail", "*", SUB_ANY, ALWAYS},
    {"imap", "tunnel", SUB_NO, ALWAYS},
    {"instaweb", "*", SUB_NO, ALWAYS},
    {"init", "templatedir", SUB_NO, ALWAYS},
    {"lfs", "*", SUB_YES, ALWAYS},
    {"extensions", "worktreeconfig", SUB_NO, ALWAYS},
};

struct scan {
    const char *at, *end;
    uint32_t line;
    /* Of the header that is in force. */
    char section[NAME_MAX_BYTES + 1]; /* lower case; "" before the first */
    const char *sub;                  /* into the text, escapes still in it; NULL: none */
    size_t sub_bytes;
    struct sbx_gitconfig *config;
    struct sbx_error *err;
};

/* --- characters ----------------------------------------------------------------------------- */

/* git reads CR LF as LF, and the end of the file as the end of a line. */
static int peek(const struct scan *scan)
{
    if (scan->at >= scan->end)
        return -1;
    if (*scan->at == '\r' && scan->at + 1 < scan->end && scan->at[1] == '\n')
        return '\n';
    return (unsigned char)*scan->at;
}

static void skip(struct scan *scan)
{
    int c = peek(scan);

    if (c < 0)
        return;
    scan->at += *scan->at == '\r' && c == '\n' ? 2 : 1;
    scan->line += c == '\n';
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_alpha(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(int c)
{
    return is_alpha(c) || (c >= '0' && c <= '9') || c == '-';
}

static void skip_blanks(struct scan *scan)
{
    while (is_blank(peek(scan)))
        skip(scan);
}

static void skip_line(struct scan *scan)
{
    int c;

    while ((c = peek(scan)) >= 0 && c != '\n')
        skip(scan);
}

/* --- parts: each false when the text is not git's -------------------------------------------- */

/* Letters, digits, '-' and, with dots, '.': lower-cased. */
static bool read_name(struct scan *scan, bool dots, char *ret_name)
{
    size_t length = 0;
    int c;

    while (is_name(c = peek(scan)) || (dots && c == '.')) {
        if (length == NAME_MAX_BYTES)
            return false;
        ret_name[length++] = sbx_ascii_lower((char)c);
        skip(scan);
    }
    ret_name[length] = '\0';
    return length > 0;
}

static bool read_subsection(struct scan *scan)
{
    int c;

    skip(scan); /* the quote */
    scan->sub = scan->at;
    while ((c = peek(scan)) != '"') {
        if (c < 0 || c == '\n')
            return false;
        skip(scan);
        if (c != '\\')
            continue;
        c = peek(scan);
        if (c < 0 || c == '\n')
            return false;
        skip(scan);
    }
    scan->sub_bytes = (size_t)(scan->at - scan->sub);
    skip(scan);
    return true;
}

static bool read_header(struct scan *scan)
{
    char *dot;

    skip(scan); /* the bracket */
    scan->sub = NULL;
    scan->sub_bytes = 0;
    if (!read_name(scan, true, scan->section))
        return false;
    dot = strchr(scan->section, '.');
    if (dot) {
        *dot = '\0';
        scan->sub = dot + 1;
        scan->sub_bytes = strlen(dot + 1);
    }
    if (is_blank(peek(scan))) {
        skip_blanks(scan);
        if (dot || peek(scan) != '"' || !read_subsection(scan))
            return false;
    }
    if (peek(scan) != ']')
        return false;
    skip(scan);
    return true;
}

/* The start of a value, as git reads it: enough to tell "!x", "ext::" and booleans apart. */
struct value {
    char seen[VALUE_SEEN_BYTES];
    size_t length;    /* of the whole value, trailing blanks aside */
    size_t with_tail; /* blanks included: they count when something follows */
};

static void take(struct value *value, char c, bool is_tail)
{
    if (is_tail && !value->with_tail)
        return;
    if (value->with_tail < VALUE_SEEN_BYTES)
        value->seen[value->with_tail] = c;
    value->with_tail++;
    if (!is_tail)
        value->length = value->with_tail;
}

/* What stands behind a backslash. @return false when git refuses it */
static bool read_escape(struct scan *scan, struct value *value)
{
    int c;

    skip(scan); /* the backslash */
    c = peek(scan);
    skip(scan);
    if (c == '\n')
        return true;
    if (c != '"' && c != '\\' && c != 'n' && c != 't' && c != 'b')
        return false;
    take(value, c == 'n' ? '\n' : c == 't' ? '\t' : c == 'b' ? '\b' : (char)c, false);
    return true;
}

static bool read_value(struct scan *scan, struct value *value)
{
    bool quoted = false;
    int c;

    while ((c = peek(scan)) >= 0 && c != '\n') {
        if (c == '\\') {
            if (!read_escape(scan, value))
                return false;
            continue;
        }
        if (!quoted && (c == '#' || c == ';')) {
            skip_line(scan);
            return true;
        }
        if (c == '"')
            quoted = !quoted;
        else
            take(value, (char)c, !quoted && is_blank(c));
        skip(scan);
    }
    return !quoted;
}

/* --- judging -------------------------------------------------------------------------------- */

static bool is_word(const struct value *value, const char *word)
{
    return sbx_utf_equal_ci_ascii_n(value->seen,
        value->length < VALUE_SEEN_BYTES ? value->length : VALUE_SEEN_BYTES, word, strlen(word));
}

/* As git reads a boolean; a number is one too, and an empty value is false. */
static bool is_bool(const struct value *value)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "0", "1", ""};
    size_t i;

    for (i = 0; i < countof(words); i++)
        if (is_word(value, words[i]))
            return true;
    return false;
}

static bool starts_with(const struct value *value, const char *text)
{
    size_t length = strlen(text);

    return value->length >= length && sbx_utf_equal_ci_ascii_n(value->seen, length, text, length);
}

static bool counts(const struct row *row, const struct scan *scan, const char *key,
    const struct value *value, bool has_value)
{
    if (strcmp(row->section, scan->section) != 0 ||
        (row->key[0] != '*' && strcmp(row->key, key) != 0) || (row->sub == SUB_YES && !scan->sub) ||
        (row->sub == SUB_NO && scan->sub))
        return false;
    switch (row->when) {
    case NOT_BOOL:
        return has_value && !is_bool(value);
    case BANG:
        return starts_with(value, "!");
    case EXT:
        return starts_with(value, "ext::");
    default:
        return true;
    }
}

static enum sbx_status add_key(struct scan *scan, const char *key)
{
    struct sbx_strings *keys = &scan->config->keys;
    char sub[NAME_MAX_BYTES];
    enum sbx_status status;
    struct sbx_buf text;
    size_t i;

    sbx_utf_printable(scan->sub ? scan->sub : "", scan->sub_bytes, sub, sizeof(sub));
    sbx_buf_init(&text, (size_t)4 * NAME_MAX_BYTES);
    status = sbx_buf_printf(
        &text, scan->err, "%s%s%s.%s", scan->section, scan->sub ? "." : "", sub, key);
    for (i = 0; !status && i < keys->count; i++)
        if (strcmp(keys->items[i], text.data) == 0)
            goto cleanup;
    if (!status && keys->count >= SBX_GITCONFIG_MAX_KEYS)
        scan->config->more = true;
    else if (!status)
        status = sbx_strings_add(keys, text.data, scan->err);
cleanup:
    sbx_buf_done(&text);
    return status;
}

/* --- the file ------------------------------------------------------------------------------- */

/* @return false for text that is not git's; *status for what ends the scan */
static bool read_entry(struct scan *scan, enum sbx_status *status)
{
    char key[NAME_MAX_BYTES + 1];
    struct value value = {{0}, 0, 0};
    bool has_value = false;
    size_t i;

    if (!scan->section[0] || !is_alpha(peek(scan)) || !read_name(scan, false, key))
        return false;
    while (peek(scan) == ' ' || peek(scan) == '\t')
        skip(scan);
    if (peek(scan) == '=') {
        has_value = true;
        skip(scan);
        if (!read_value(scan, &value))
            return false;
    } else if (peek(scan) >= 0 && peek(scan) != '\n') {
        return false;
    }
    for (i = 0; i < countof(rows); i++) {
        if (counts(&rows[i], scan, key, &value, has_value)) {
            *status = add_key(scan, key);
            break;
        }
    }
    return true;
}

enum sbx_status sbx_gitconfig_scan(
    const char *text, size_t length_bytes, struct sbx_gitconfig *ret_config, struct sbx_error *err)
{
    struct scan scan = {.line = 1};
    enum sbx_status status = SBX_OK;
    int c;

    memset(ret_config, 0, sizeof(*ret_config));
    scan.at = length_bytes ? text : "";
    scan.end = scan.at + length_bytes;
    scan.config = ret_config;
    scan.err = err;
    if (length_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        scan.at += 3;
    while (!status && !ret_config->bad_line && (c = peek(&scan)) >= 0) {
        uint32_t line = scan.line;
        bool understood = true;

        if (c == '\n' || is_blank(c))
            skip(&scan);
        else if (c == '#' || c == ';')
            skip_line(&scan);
        else if (c == '[')
            understood = read_header(&scan);
        else
            understood = read_entry(&scan, &status);
        if (!understood)
            ret_config->bad_line = line;
    }
    if (status)
        sbx_gitconfig_done(ret_config);
    return status;
}

void sbx_gitconfig_done(struct sbx_gitconfig *config)
{
    sbx_strings_done(&config->keys);
    memset(config, 0, sizeof(*config));
}

bool sbx_gitconfig_is_clean(const struct sbx_gitconfig *config)
{
    return config->keys.count == 0 && !config->bad_line;
}

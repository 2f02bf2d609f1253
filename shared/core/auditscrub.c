/* See auditscrub.h. */
#include "auditscrub.h"

#include "plan_parts.h"

#define NAME_MAX_BYTES 128u
#define VALUE_MIN_BYTES 6u /* shorter values ("yes", "1") would blank half of every line */
#define ARGUMENT_MAX_BYTES (4u * SBX_POLICY_MAX_TEXT)

struct scrub {
    const struct sbx_strings *patterns;
    const struct sbx_env *environment;
};

/* Names that mean a secret on a command line and are no variables. */
static const char *const more_patterns[] = {
    "*AUTHORIZATION*", "*BEARER*", "KEY", "PAT", "PWD", "PASS", "AUTH"};

static bool is_secret_name(const struct scrub *scrub, const char *name)
{
    size_t i;

    if (sbx_plan_is_secret(name))
        return true;
    for (i = 0; i < countof(more_patterns); i++)
        if (sbx_env_name_matches(more_patterns[i], name))
            return true;
    for (i = 0; scrub->patterns && i < scrub->patterns->count; i++)
        if (sbx_env_name_matches(scrub->patterns->items[i], name))
            return true;
    return false;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* "--api-key" is "api_key" to a pattern. */
static bool is_secret(const struct scrub *scrub, const char *text, size_t length_bytes)
{
    char name[NAME_MAX_BYTES];
    size_t i;

    while (length_bytes && (*text == '-' || *text == '/' || *text == '.')) {
        text++;
        length_bytes--;
    }
    if (!length_bytes || length_bytes >= sizeof(name))
        return false;
    for (i = 0; i < length_bytes; i++)
        name[i] = text[i] == '-' || text[i] == '.' ? '_' : text[i];
    name[length_bytes] = '\0';
    return is_secret_name(scrub, name);
}

/* Bytes of the value that stands at `text` behind '=' or ':'. */
static size_t value_bytes(const char *text, char separator)
{
    if (*text == '"' || *text == '\'') {
        const char *end = strchr(text + 1, *text);

        return end ? (size_t)(end - text) + 1 : strlen(text);
    }
    return separator == ':' ? strlen(text) : strcspn(text, " \t\r\n\"'&;|<>");
}

/* NAME=value and NAME: value. */
static enum sbx_status copy_named(
    const struct scrub *scrub, const char *text, struct sbx_buf *out, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const char *name = text;

    while (!status && *text) {
        const char c = *text++;

        status = sbx_buf_putc(out, c, err);
        if ((c == '=' || c == ':') && is_secret(scrub, name, (size_t)(text - 1 - name)) && *text) {
            if (!status)
                status = sbx_buf_puts(out, SBX_SCRUBBED, err);
            text += value_bytes(text, c);
            name = text;
        }
        if (!is_name_byte(c))
            name = text;
    }
    return status;
}

/* Replace every occurrence of a text. */
static enum sbx_status replace(struct sbx_buf *text, const char *secret, struct sbx_error *err)
{
    const size_t length = strlen(secret);
    enum sbx_status status = SBX_OK;
    struct sbx_buf out;
    const char *at = text->data, *found;

    if (!at || !strstr(at, secret))
        return SBX_OK;
    sbx_buf_init(&out, ARGUMENT_MAX_BYTES);
    for (; !status && (found = strstr(at, secret)) != NULL; at = found + length) {
        status = sbx_buf_add(&out, at, (size_t)(found - at), err);
        if (!status)
            status = sbx_buf_puts(&out, SBX_SCRUBBED, err);
    }
    if (!status)
        status = sbx_buf_puts(&out, at, err);
    sbx_buf_wipe(text);
    *text = out;
    return status;
}

static enum sbx_status replace_values(
    const struct scrub *scrub, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && scrub->environment && i < scrub->environment->count; i++) {
        const struct sbx_env_var *var = &scrub->environment->vars[i];

        if (strlen(var->value) >= VALUE_MIN_BYTES && is_secret_name(scrub, var->name))
            status = replace(text, var->value, err);
    }
    return status;
}

/* scheme://user:secret@host: one per argument is enough to cut, the rest follows in the loop. */
static enum sbx_status replace_userinfo(struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const char *at = text->data ? text->data : "";
    struct sbx_buf out;
    const char *found;

    sbx_buf_init(&out, ARGUMENT_MAX_BYTES);
    for (; !status && (found = strstr(at, "://")) != NULL;) {
        size_t length = strcspn(found + 3, "/ \t\r\n\"'?#");
        const char *end = found + 3 + length, *host = end;

        while (host > found + 3 && host[-1] != '@')
            host--;
        status = sbx_buf_add(&out, at, (size_t)(found + 3 - at), err);
        if (!status && host > found + 3)
            status = sbx_buf_puts(&out, SBX_SCRUBBED "@", err);
        at = host;
    }
    if (!status)
        status = sbx_buf_puts(&out, at, err);
    sbx_buf_wipe(text);
    *text = out;
    return status;
}

static enum sbx_status scrub_one(
    const struct scrub *scrub, const char *argument, struct sbx_strings *ret, struct sbx_error *err)
{
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, ARGUMENT_MAX_BYTES);
    status = sbx_buf_puts(&text, argument, err);
    if (!status)
        status = replace_values(scrub, &text, err); /* first: values may look like names */
    if (!status && text.data) {
        struct sbx_buf named;

        sbx_buf_init(&named, ARGUMENT_MAX_BYTES);
        status = copy_named(scrub, text.data, &named, err);
        sbx_buf_wipe(&text);
        text = named;
    }
    if (!status)
        status = replace_userinfo(&text, err);
    if (!status)
        status = sbx_strings_add(ret, text.data ? text.data : "", err);
    sbx_buf_wipe(&text);
    return status;
}

enum sbx_status sbx_audit_scrub(const char *const *argv, size_t argc,
    const struct sbx_strings *patterns, const struct sbx_env *environment,
    struct sbx_strings *ret_argv, struct sbx_error *err)
{
    const struct scrub scrub = {patterns, environment};
    enum sbx_status status = SBX_OK;
    bool hide_next = false;
    size_t i;

    for (i = 0; !status && i < argc; i++) {
        const char *argument = argv[i];
        bool option = i > 0 && argument[0] == '-' && !strpbrk(argument, "=: ");

        if (hide_next) /* also when it looks like an option: a password may begin with '-' */
            status = sbx_strings_add(ret_argv, SBX_SCRUBBED, err);
        else
            status = scrub_one(&scrub, argument, ret_argv, err);
        hide_next = option && is_secret(&scrub, argument, strlen(argument));
    }
    return status;
}

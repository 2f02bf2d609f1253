/* See rpcargs.h. */
#include "rpcargs.h"

#include <stdio.h>

#include "shared/core/buf.h"

#define VALUE_MAX_BYTES 32768u
#define NAME_MAX_BYTES 48u

/* What belongs to the command line of a person, or to the protocol. */
static bool of_the_command_line(enum sbx_option_id id)
{
    switch (id) {
    case OPT_PIPE:
    case OPT_RESULT:
    case OPT_JSON:
    case OPT_QUIET:
    case OPT_DEBUG:
    case OPT_HELP:
    case OPT_DRY_RUN:
    case OPT_TTY: /* a parameter of its own: servetty.c */
    case OPT_TTY_SIZE:
    case OPT_TTY_ESCAPES:
        return true;
    default:
        return false;
    }
}

static const struct sbx_option *by_name(
    const struct sbx_verb_row *row, const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < row->option_count; i++)
        if (strlen(row->options[i].name) == length &&
            memcmp(row->options[i].name, name, length) == 0)
            return &row->options[i];
    return NULL;
}

/* "--allow-write" from "allowWrite". @return false when it is no such name */
static bool option_name(const char *key, char name[NAME_MAX_BYTES])
{
    size_t at = 2;

    memcpy(name, "--", 3);
    for (; *key; key++) {
        bool upper = *key >= 'A' && *key <= 'Z';

        if (at + 3 > NAME_MAX_BYTES || !(upper || (*key >= 'a' && *key <= 'z')))
            return false;
        if (upper)
            name[at++] = '-';
        name[at++] = (char)(upper ? *key - 'A' + 'a' : *key);
    }
    name[at] = '\0';
    return at > 2;
}

/* "allowWrite" from "--allow-write" */
static void key_name(const struct sbx_option *option, char key[NAME_MAX_BYTES])
{
    const char *name = option->name + 2;
    size_t at = 0;

    for (; *name && at + 1 < NAME_MAX_BYTES; name++)
        key[at++] = *name == '-' && name[1] ? (char)(*++name - 'a' + 'A') : *name;
    key[at] = '\0';
}

static enum sbx_status add(struct sbx_strings *argv, const struct sbx_option *option,
    const char *value, struct sbx_error *err)
{
    enum sbx_status status;
    char *text = NULL;
    size_t size;

    if (!value)
        return sbx_strings_add(argv, option->name, err);
    size = strlen(option->name) + strlen(value) + 2;
    status = sbx_calloc(size, 1, &text, err);
    if (status)
        return status;
    /* One argument: a value that begins with a dash stays a value. */
    snprintf(text, size, "%s=%s", option->name, value);
    status = sbx_strings_add(argv, text, err);
    free(text);
    return status;
}

static enum sbx_status add_session(
    const struct sbx_rpcargs *args, struct sbx_strings *argv, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < args->session_count; i++) {
        const char *argument = args->session[i];
        size_t length = strcspn(argument, "=");
        const struct sbx_option *option = by_name(args->session_row, argument, length);
        const char *value = argument[length] ? argument + length + 1 : NULL;
        char key[NAME_MAX_BYTES];

        if (!option)
            return sbx_fail(err, SBX_INTERNAL, "session option '%s'", argument);
        if (option->argument && !value)
            value = ++i < args->session_count ? args->session[i] : "";
        key_name(option, key);
        if (of_the_command_line(option->id) || !by_name(args->row, argument, length))
            continue;
        if (!option->repeatable && args->params->item && sbx_json_has(args->params, key))
            continue;
        status = add(argv, option, value, err);
    }
    return status;
}

/* One value of a parameter as the option's text. */
static enum sbx_status add_value(const struct sbx_json_at *at, const struct sbx_option *option,
    struct sbx_strings *argv, struct sbx_error *err)
{
    const char *text = NULL;
    enum sbx_status status;
    int64_t number = 0;
    char digits[32];

    if (sbx_json_type(at) != SBX_JSON_NUMBER) {
        status = sbx_json_as_string(at, VALUE_MAX_BYTES, &text, err);
        if (!status && !*text)
            status = sbx_fail(err, SBX_INVALID, "'%s' is empty", at->path);
        return status ? status : add(argv, option, text, err);
    }
    if (sbx_json_as_int(at, 0, SBX_JSON_INT_MAX, &number, NULL)) {
        double value = 0;

        status = sbx_json_as_double(at, 0, 1e9, &value, err);
        if (status)
            return status;
        snprintf(digits, sizeof(digits), "%.3f", value);
    } else {
        snprintf(digits, sizeof(digits), "%lld", (long long)number);
    }
    return add(argv, option, digits, err);
}

static enum sbx_status add_param(const struct sbx_rpcargs *args, const struct sbx_json_at *at,
    const struct sbx_option *option, struct sbx_strings *argv, struct sbx_error *err)
{
    struct sbx_json_at item = {0};
    enum sbx_status status = SBX_OK;
    bool yes = false;

    if (!option->argument) {
        status = sbx_json_get_bool(args->params, sbx_json_name(at), &yes, err);
        return !status && yes ? add(argv, option, NULL, err) : status;
    }
    if (sbx_json_type(at) != SBX_JSON_ARRAY)
        return add_value(at, option, argv, err);
    if (!option->repeatable)
        return sbx_fail(err, SBX_INVALID, "'%s' takes one value", at->path);
    while (!status && sbx_json_next(at, &item))
        status = add_value(&item, option, argv, err);
    return status;
}

static bool is_own(const struct sbx_rpcargs *args, const char *key)
{
    size_t i;

    for (i = 0; i < args->own_count; i++)
        if (strcmp(args->own[i], key) == 0)
            return true;
    return false;
}

enum sbx_status sbx_rpcargs_build(
    const struct sbx_rpcargs *args, struct sbx_strings *ret_argv, struct sbx_error *err)
{
    const char *second = strchr(args->row->name, ' ');
    char word[NAME_MAX_BYTES] = "";
    struct sbx_json_at at = {0};
    enum sbx_status status;

    snprintf(word, sizeof(word), "%.*s", (int)strcspn(args->row->name, " "), args->row->name);
    status = sbx_strings_add(ret_argv, word, err);
    if (!status && second)
        status = sbx_strings_add(ret_argv, second + 1, err);
    if (!status)
        status = add_session(args, ret_argv, err);
    while (!status && args->params->item && sbx_json_next(args->params, &at)) {
        const struct sbx_option *option = NULL;
        const char *key = sbx_json_name(&at);
        char name[NAME_MAX_BYTES];

        if (is_own(args, key))
            continue;
        if (!args->no_options && option_name(key, name))
            option = by_name(args->row, name, strlen(name));
        /* Only a person may say that nothing needs to be enforced. */
        if (!option || of_the_command_line(option->id) || option->id == OPT_WINE_UNCONFINED)
            return sbx_fail(err, SBX_INVALID, "unknown key '%s'", at.path);
        status = add_param(args, &at, option, ret_argv, err);
    }
    return status;
}

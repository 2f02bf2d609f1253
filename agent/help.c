/* The help texts, printed from the tables of options.c. */
#include "cli.h"
#include "options.h"

#include <stdio.h>

static const char overview[] =
    "usage: agent run [options] -- PROGRAM [ARGS...]\n"
    "       agent COMMAND [options]\n"
    "       agent help [COMMAND] | --help | --version\n"
    "\n"
    "Runs a command of an AI coding agent in a sandbox: it may write in the working\n"
    "directory and nowhere else, unless the policy says more.\n"
    "\n"
    "Commands (agent COMMAND --help says more):\n";

static enum sbx_status add_option(
    const struct sbx_option *option, struct sbx_buf *text, struct sbx_error *err)
{
    const char *line = option->help;
    enum sbx_status status;
    int width;

    width = (int)(strlen(option->name) + (option->argument ? strlen(option->argument) + 1 : 0));
    status = sbx_buf_printf(text, err, "  %s%s%s%*s", option->name, option->argument ? " " : "",
        option->argument ? option->argument : "", width < 22 ? 24 - width : 2, "");
    while (!status) {
        size_t length = strcspn(line, "\n");

        status = sbx_buf_printf(text, err, "%.*s\n", (int)length, line);
        if (status || !line[length])
            break;
        line += length + 1;
        status = sbx_buf_printf(text, err, "%26s", "");
    }
    return status;
}

static enum sbx_status help_verb(
    const struct sbx_verb_row *row, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    status = sbx_buf_printf(text, err, "usage: agent %s [options]%s%s\n\n%s", row->name,
        row->operands ? " " : "", row->operands ? row->operands : "", row->intro);
    for (i = 0; !status && i < row->option_count; i++) {
        if (row->options[i].group)
            status = sbx_buf_printf(text, err, "\n%s:\n", row->options[i].group);
        if (!status)
            status = add_option(&row->options[i], text, err);
    }
    return status ? status : sbx_buf_printf(text, err, "\n%s", row->exit_codes);
}

static enum sbx_status help_overview(struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_puts(text, overview, err);
    size_t i;

    for (i = 0; !status && i < sbx_verb_row_count; i++) {
        const struct sbx_verb_row *row = &sbx_verb_rows[i];
        char name[64];

        snprintf(name, sizeof(name), "%s%s%s", row->name, row->alias ? ", " : "",
            row->alias ? row->alias : "");
        status = sbx_buf_printf(text, err, "  %-17s%s\n", name, row->summary);
    }
    return status ? status
                  : sbx_buf_puts(
                        text, "  help             this text, or the help of a command\n\n", err);
}

enum sbx_status sbx_cli_help(const char *topic, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_verb_row *alias = topic ? sbx_verb_find(topic, NULL) : NULL;
    enum sbx_status status = SBX_OK;
    size_t i, length, shown = 0;

    if (!topic)
        return help_overview(text, err);
    if (alias)
        return help_verb(alias, text, err);
    length = strlen(topic);
    for (i = 0; !status && i < sbx_verb_row_count; i++) {
        const char *name = sbx_verb_rows[i].name;

        if (strncmp(name, topic, length) != 0 || (name[length] && name[length] != ' '))
            continue;
        if (shown++)
            status = sbx_buf_putc(text, '\n', err);
        if (!status)
            status = help_verb(&sbx_verb_rows[i], text, err);
    }
    if (!status && !shown)
        return sbx_fail(err, SBX_NOT_FOUND, "no help on '%.64s'", topic);
    return status;
}

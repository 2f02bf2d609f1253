/* The help texts. Options come from the table in options.h; only prose is here. */
#include "cli.h"
#include "options.h"

static const char overview[] =
    "usage: agent run [options] -- PROGRAM [ARGS...]\n"
    "       agent help [COMMAND] | --help | --version\n"
    "\n"
    "Runs a command of an AI coding agent in a sandbox: it may write in the working\n"
    "directory and nowhere else, unless the policy says more.\n"
    "\n"
    "Commands:\n"
    "  run, exec    run one command in the sandbox (agent run --help)\n"
    "  help         this text, or the help of a command\n"
    "\n";

static const char run_intro[] =
    "usage: agent run [options] -- PROGRAM [ARGS...]\n"
    "\n"
    "Runs PROGRAM in the sandbox. Its standard input, output and error are the caller's;\n"
    "agent's own messages go to standard error and start with 'agent: '.\n";

static const char exit_codes[] = "\n"
                                 "Exit codes: the program's own, all 32 bits, or\n"
                                 "  2    usage error or a policy that cannot be read\n"
                                 "  124  the time limit passed\n"
                                 "  125  the sandbox could not be set up or proved; nothing ran\n"
                                 "  126  denied by policy, or not a program\n"
                                 "  127  program not found\n"
                                 "  130  cancelled (Ctrl-C)\n";

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

static enum sbx_status help_run(struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_puts(text, run_intro, err);
    size_t i;

    for (i = 0; !status && i < countof(sbx_run_options); i++) {
        if (sbx_run_options[i].group)
            status = sbx_buf_printf(text, err, "\n%s:\n", sbx_run_options[i].group);
        if (!status)
            status = add_option(&sbx_run_options[i], text, err);
    }
    return status ? status : sbx_buf_puts(text, exit_codes, err);
}

enum sbx_status sbx_cli_help(const char *topic, struct sbx_buf *text, struct sbx_error *err)
{
    if (!topic)
        return sbx_buf_puts(text, overview, err);
    if (strcmp(topic, "run") == 0 || strcmp(topic, "exec") == 0)
        return help_run(text, err);
    return sbx_fail(err, SBX_NOT_FOUND, "no help on '%.64s'", topic);
}

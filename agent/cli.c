/* See cli.h. The tables are in options.c, what each option does is in optionapply.c. */
#include "cli.h"
#include "options.h"

/* One command line under way. */
struct parse {
    const struct sbx_verb_row *row;
    const char *const *argv;
    size_t argc;
    size_t at;
    bool seen[SBX_OPTIONS_MAX];
    struct sbx_cli *cli;
};

/* "--name" or "--name=value"; ret_value is set for the second form. */
static const struct sbx_option *find_option(
    const struct sbx_verb_row *row, const char *argument, const char **ret_value)
{
    size_t length = strcspn(argument, "=");
    size_t i;

    *ret_value = argument[length] == '=' ? argument + length + 1 : NULL;
    for (i = 0; i < row->option_count; i++)
        if (strlen(row->options[i].name) == length &&
            memcmp(row->options[i].name, argument, length) == 0)
            return &row->options[i];
    return NULL;
}

static enum sbx_status parse_option(struct parse *parse, struct sbx_error *err)
{
    const char *argument = parse->argv[parse->at];
    const char *value = NULL;
    const struct sbx_option *option = find_option(parse->row, argument, &value);
    size_t index;

    if (!option)
        return sbx_fail(err, SBX_INVALID, "unknown option '%.64s'", argument);
    index = (size_t)(option - parse->row->options);
    if (parse->seen[index] && !option->repeatable)
        return sbx_fail(err, SBX_INVALID, "%s is given twice", option->name);
    parse->seen[index] = true;
    if (!option->argument && value)
        return sbx_fail(err, SBX_INVALID, "%s takes no value", option->name);
    if (option->argument && !value) {
        if (parse->at + 1 >= parse->argc)
            return sbx_fail(err, SBX_INVALID, "%s needs a value", option->name);
        value = parse->argv[++parse->at];
    }
    if (option->argument && !*value)
        return sbx_fail(err, SBX_INVALID, "%s: the value is empty", option->name);
    return sbx_option_apply(option, value ? value : "", parse->cli, err);
}

static enum sbx_status check_operands(const struct parse *parse, struct sbx_error *err)
{
    const struct sbx_cli *cli = parse->cli;

    if (parse->row->program)
        return cli->program_count ? SBX_OK : sbx_fail(err, SBX_INVALID, "no program is named");
    if (cli->operands.count < parse->row->min)
        return sbx_fail(
            err, SBX_INVALID, "agent %s needs: %s", parse->row->name, parse->row->operands);
    if (cli->operands.count > parse->row->max)
        return sbx_fail(err, SBX_INVALID, "'%.64s' is one argument too many",
            cli->operands.items[parse->row->max]);
    if (cli->verb == SBX_VERB_WHY && !cli->op)
        return sbx_fail(err, SBX_INVALID, "--op is missing: read, write or delete");
    if (cli->verb == SBX_VERB_REVOKE && cli->all == (cli->operands.count == 1))
        return sbx_fail(err, SBX_INVALID, "give one PATH, or --all");
    return SBX_OK;
}

static enum sbx_status check_conflicts(const struct parse *parse, struct sbx_error *err)
{
    const struct sbx_cli *cli = parse->cli;
    size_t i, from_stdin = 0;

    if (cli->quiet && cli->debug)
        return sbx_fail(err, SBX_INVALID, "--quiet and --debug exclude each other");
    if (cli->dry_run && cli->result)
        return sbx_fail(err, SBX_INVALID, "--dry-run and --result exclude each other");
    if (!cli->tty && (cli->tty_size.columns || cli->tty_pass))
        return sbx_fail(err, SBX_INVALID, "--tty-size and --tty-escapes need --tty");
    if (cli->tty && cli->policy.background == SBX_FLAG_YES)
        return sbx_fail(err, SBX_INVALID, "--tty and --background exclude each other");
    for (i = 0; i < cli->policy_files.count; i++)
        from_stdin += strcmp(cli->policy_files.items[i], "-") == 0;
    if (from_stdin > 1)
        return sbx_fail(err, SBX_INVALID, "--policy - is given twice");
    return check_operands(parse, err);
}

/* Options and operands in any order, except that a program ends the options; so does "--". */
static enum sbx_status parse_verb(struct parse *parse, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    bool only_operands = false;

    for (; !status && parse->at < parse->argc; parse->at++) {
        const char *argument = parse->argv[parse->at];

        if (!only_operands && strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && argument[0] == '-' && argument[1]) {
            status = parse_option(parse, err);
            if (!status && parse->cli->verb == SBX_VERB_HELP) {
                parse->cli->help_topic = parse->row->name;
                return SBX_OK;
            }
        } else if (!*argument && !parse->row->program) {
            status = sbx_fail(err, SBX_INVALID, "an argument is empty");
        } else if (!parse->row->program) {
            status = sbx_strings_add(&parse->cli->operands, argument, err);
        }
        if (parse->row->program && (only_operands || argument[0] != '-' || !argument[1])) {
            parse->at += only_operands;
            parse->cli->program = parse->argv + parse->at;
            parse->cli->program_count = parse->argc - parse->at;
            break;
        }
    }
    return status ? status : check_conflicts(parse, err);
}

/* What does the first word lack? "grants" alone is no command. */
static enum sbx_status unknown_verb(const char *first, struct sbx_error *err)
{
    size_t i, length = strlen(first);

    for (i = 0; i < sbx_verb_row_count; i++)
        if (strncmp(sbx_verb_rows[i].name, first, length) == 0 &&
            sbx_verb_rows[i].name[length] == ' ')
            return sbx_fail(err, SBX_INVALID, "'%s' needs a second word, as in 'agent %s'", first,
                sbx_verb_rows[i].name);
    return sbx_fail(err, SBX_INVALID, "unknown command '%.64s'", first);
}

static void parse_help(const char *const *argv, size_t argc, struct sbx_cli *cli)
{
    const struct sbx_verb_row *row = NULL;

    cli->verb = SBX_VERB_HELP;
    if (argc > 1)
        row = sbx_verb_find(argv[1], argc > 2 ? argv[2] : NULL);
    cli->help_topic = row ? row->name : argc > 1 ? argv[1] : NULL;
}

enum sbx_status sbx_cli_parse(
    const char *const *argv, size_t argc, struct sbx_cli *ret_cli, struct sbx_error *err)
{
    struct parse parse = {.cli = ret_cli};
    enum sbx_status status = SBX_OK;
    const char *verb = argc ? argv[0] : "";

    memset(ret_cli, 0, sizeof(*ret_cli));
    sbx_policy_init(&ret_cli->policy, SBX_LAYER_COMMAND);
    parse.row = sbx_verb_find(verb, argc > 1 ? argv[1] : NULL);
    if (parse.row) {
        size_t words = strchr(parse.row->name, ' ') ? 2 : 1;

        parse.argv = argv + words;
        parse.argc = argc - words;
        ret_cli->verb = parse.row->verb;
        ret_cli->options = parse.argv;
        ret_cli->option_count = parse.argc;
        status = parse_verb(&parse, err);
    } else if (strcmp(verb, "--version") == 0 || strcmp(verb, "version") == 0) {
        ret_cli->verb = SBX_VERB_VERSION;
    } else if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 ||
               strcmp(verb, "help") == 0) {
        parse_help(argv, argc, ret_cli);
    } else if (!*verb) {
        status = sbx_fail(err, SBX_INVALID, "no command is given");
    } else {
        status = unknown_verb(verb, err);
    }
    if (status) {
        sbx_error_hint(
            err, "try: agent %s%s--help", parse.row ? parse.row->name : "", parse.row ? " " : "");
        sbx_cli_done(ret_cli);
    }
    return status;
}

void sbx_cli_done(struct sbx_cli *cli)
{
    sbx_policy_done(&cli->policy);
    sbx_strings_done(&cli->policy_files);
    sbx_strings_done(&cli->operands);
}

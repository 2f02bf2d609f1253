/* See arguments.h. */
#include "arguments.h"

#include "shared/core/winpath.h"

const char sbx_setup_help[] =
    "usage: sandbox-setup COMMAND [options]\n"
    "\n"
    "Makes, mends and removes what the elevated mode of Agent Sandbox needs on this machine.\n"
    "People run `agent setup`, which starts this program; administrators and fleets run it\n"
    "directly, as administrator or SYSTEM.\n"
    "\n"
    "  install [options]        for the user who runs it\n"
    "  provision --operator WHO [options]\n"
    "                           for another user: a SID or DOMAIN\\user\n"
    "  repair [options]         mend what is damaged; adds nobody\n"
    "  rotate                   new passwords for the sandbox accounts\n"
    "  uninstall                remove everything\n"
    "  uninstall --verify       list what is left of an installation; changes nothing\n"
    "  repair-owner PATH        files that sandbox accounts own below PATH become yours\n"
    "  status [--json]          what is there; changes nothing, needs no administrator\n"
    "  steps                    the table of all that is done, and why it is safe\n"
    "  --pipe NAME              take one request from the agent\n"
    "  --help, --version\n"
    "\n"
    "Options of install, provision and repair:\n"
    "  --accounts N             accounts of each kind, 1 to 9 (default 1)\n"
    "  --proxy-range A-B        ports of the agent's proxy (default 48620-48627)\n"
    "  --fence plain|complement form of the network filters\n"
    "  --json                   events as JSON lines on standard output\n"
    "\n"
    "Exit codes: 0 done, 2 usage error, 125 failed (what was begun is undone).\n";

struct command {
    const char *word;
    enum sbx_setup_verb verb;
    enum sbx_setup_mode mode;
    bool options;  /* --accounts, --proxy-range, --fence */
    bool operator; /* --operator, required */
    bool path;     /* one operand, required */
    bool verify;   /* --verify */
};

static const struct command commands[] = {
    {"install", SBX_SETUP_VERB_RUN, SBX_SETUP_INSTALL, true, false, false, false},
    {"provision", SBX_SETUP_VERB_RUN, SBX_SETUP_INSTALL, true, true, false, false},
    {"repair", SBX_SETUP_VERB_RUN, SBX_SETUP_REPAIR, true, false, false, false},
    {"rotate", SBX_SETUP_VERB_RUN, SBX_SETUP_ROTATE, false, false, false, false},
    {"uninstall", SBX_SETUP_VERB_RUN, SBX_SETUP_UNINSTALL, false, false, false, true},
    {"repair-owner", SBX_SETUP_VERB_RUN, SBX_SETUP_REPAIR_OWNER, false, false, true, false},
    {"status", SBX_SETUP_VERB_STATUS, SBX_SETUP_STATUS, false, false, false, false},
    {"steps", SBX_SETUP_VERB_STEPS, 0, false, false, false, false},
    {"--pipe", SBX_SETUP_VERB_PIPE, 0, false, false, false, false},
    {"--help", SBX_SETUP_VERB_HELP, 0, false, false, false, false},
    {"--version", SBX_SETUP_VERB_VERSION, 0, false, false, false, false},
};

/* Digits only, no sign, no space. @return SIZE_MAX when it is none or above max */
static size_t number(const char *text, size_t length_bytes, size_t max)
{
    size_t value = 0;
    size_t i;

    if (!length_bytes || length_bytes > 6)
        return SIZE_MAX;
    for (i = 0; i < length_bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return SIZE_MAX;
        value = value * 10 + (size_t)(text[i] - '0');
    }
    return value <= max ? value : SIZE_MAX;
}

static enum sbx_status take_range(
    const char *text, struct sbx_setup_request *request, struct sbx_error *err)
{
    const char *dash = strchr(text, '-');
    size_t first = dash ? number(text, (size_t)(dash - text), UINT16_MAX) : SIZE_MAX;
    size_t last = dash ? number(dash + 1, strlen(dash + 1), UINT16_MAX) : SIZE_MAX;

    if (first == SIZE_MAX || last == SIZE_MAX || !first)
        return sbx_fail(err, SBX_INVALID, "'%.32s' is no range of ports like 48620-48627", text);
    request->proxy_first = (uint16_t)first;
    request->proxy_last = (uint16_t)last;
    return SBX_OK;
}

static enum sbx_status take_value(const char *option, const char *value,
    struct sbx_setup_arguments *arguments, struct sbx_error *err)
{
    size_t count = 0;

    if (strcmp(option, "--proxy-range") == 0)
        return take_range(value, &arguments->request, err);
    if (strcmp(option, "--accounts") == 0) {
        count = number(value, strlen(value), SBX_INSTALLATION_KINDS_MAX);
        if (!count || count == SIZE_MAX)
            return sbx_fail(err, SBX_INVALID, "'%.32s' is no number from 1 to %u", value,
                SBX_INSTALLATION_KINDS_MAX);
        arguments->request.accounts = (uint32_t)count;
        return SBX_OK;
    }
    if (strcmp(option, "--operator") == 0) {
        arguments->operator= value;
        return SBX_OK;
    }
    if (strcmp(value, "plain") == 0)
        arguments->request.fence = SBX_SETUP_FENCE_PLAIN;
    else if (strcmp(value, "complement") == 0)
        arguments->request.fence = SBX_SETUP_FENCE_COMPLEMENT;
    else
        return sbx_fail(err, SBX_INVALID, "'%.32s' is neither plain nor complement", value);
    return SBX_OK;
}

static bool has_value(const struct command *command, const char *option)
{
    return (command->operator&& strcmp(option, "--operator") == 0) ||
           (command->options &&
               (strcmp(option, "--accounts") == 0 || strcmp(option, "--proxy-range") == 0 ||
                   strcmp(option, "--fence") == 0));
}

static enum sbx_status take_operand(const struct command *command, const char *text,
    struct sbx_setup_arguments *arguments, struct sbx_error *err)
{
    if (command->verb == SBX_SETUP_VERB_PIPE && !arguments->pipe) {
        arguments->pipe = text;
        return SBX_OK;
    }
    if (!command->path || arguments->request.path)
        return sbx_fail(err, SBX_INVALID, "unexpected argument '%.64s'", text);
    return sbx_winpath_normalise(text, &arguments->request.path, NULL, err);
}

static enum sbx_status take_all(const struct command *command, const char *const *argv, size_t argc,
    struct sbx_setup_arguments *arguments, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0 &&
            (command->verb == SBX_SETUP_VERB_RUN || command->verb == SBX_SETUP_VERB_STATUS)) {
            arguments->json = true;
        } else if (command->verify && strcmp(argv[i], "--verify") == 0) {
            arguments->request.mode = SBX_SETUP_VERIFY_UNINSTALLED;
        } else if (has_value(command, argv[i])) {
            if (i + 1 == argc)
                return sbx_fail(err, SBX_INVALID, "%s needs a value", argv[i]);
            status = take_value(argv[i], argv[i + 1], arguments, err);
            i++;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            return sbx_fail(
                err, SBX_INVALID, "unknown option '%.64s' of %s", argv[i], command->word);
        } else {
            status = take_operand(command, argv[i], arguments, err);
        }
    }
    return status;
}

enum sbx_status sbx_setup_arguments_parse(const char *const *argv, size_t argc,
    struct sbx_setup_arguments *ret_arguments, struct sbx_error *err)
{
    const struct command *command = NULL;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; argc && i < countof(commands); i++) {
        if (strcmp(argv[0], commands[i].word) == 0)
            command = &commands[i];
    }
    if (!argc)
        status = sbx_fail(err, SBX_INVALID, "no command is given");
    else if (!command)
        status = sbx_fail(err, SBX_INVALID, "unknown command '%.64s'", argv[0]);
    if (!status) {
        ret_arguments->verb = command->verb;
        ret_arguments->request.mode = command->mode;
        status = take_all(command, argv + 1, argc - 1, ret_arguments, err);
    }
    if (!status && command->operator&& !ret_arguments->operator)
        status = sbx_fail(err, SBX_INVALID, "provision needs --operator");
    if (!status && command->verb == SBX_SETUP_VERB_PIPE && !ret_arguments->pipe)
        status = sbx_fail(err, SBX_INVALID, "--pipe needs a name");
    if (!status && command->verb == SBX_SETUP_VERB_RUN)
        status = sbx_setup_request_check(&ret_arguments->request, err);
    if (status)
        sbx_error_hint(err, "try --help");
    return status;
}

/* See options.h. What each option does to the parsed command. */
#include "options.h"

struct word {
    const char *text;
    int value;
};

static const struct word profile_words[] = {
    {"read-only", SBX_PROFILE_READ_ONLY}, {"workspace-write", SBX_PROFILE_WORKSPACE_WRITE}};
static const struct word mode_words[] = {
    {"auto", SBX_MODE_AUTO}, {"elevated", SBX_MODE_ELEVATED}, {"unelevated", SBX_MODE_UNELEVATED}};
static const struct word token_words[] = {{"auto", SBX_TOKEN_AUTO}, {"strict", SBX_TOKEN_STRICT},
    {"isolated", SBX_TOKEN_ISOLATED}, {"standard", SBX_TOKEN_STANDARD}};
static const struct word network_words[] = {{"none", SBX_NETWORK_NONE},
    {"advisory", SBX_NETWORK_ADVISORY}, {"allowlist", SBX_NETWORK_ALLOWLIST},
    {"full", SBX_NETWORK_FULL}};
static const struct word fence_words[] = {
    {"plain", SBX_SETUP_FENCE_PLAIN}, {"complement", SBX_SETUP_FENCE_COMPLEMENT}};
static const struct word op_words[] = {
    {"read", SBX_WHY_READ}, {"write", SBX_WHY_WRITE}, {"delete", SBX_WHY_DELETE}};
static const struct word escape_words[] = {{"neutral", false}, {"pass", true}};
static const struct word desktop_words[] = {
    {"private", SBX_DESKTOP_PRIVATE}, {"interactive", SBX_DESKTOP_INTERACTIVE}};

static enum sbx_status pick(const struct sbx_option *option, const char *value,
    const struct word *words, size_t count, int *ret_value, struct sbx_error *err)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(words[i].text, value) == 0) {
            *ret_value = words[i].value;
            return SBX_OK;
        }
    }
    return sbx_fail(err, SBX_INVALID, "%s: unknown value '%.64s'", option->name, value);
}

static enum sbx_status whole(const struct sbx_option *option, const char *value, uint64_t min,
    uint64_t max, uint64_t *ret_value, struct sbx_error *err)
{
    uint64_t number = 0;
    const char *p;

    for (p = value; *p >= '0' && *p <= '9' && number <= max; p++)
        number = number * 10 + (uint64_t)(*p - '0');
    if (p == value || *p || number < min || number > max)
        return sbx_fail(err, SBX_INVALID, "%s: '%.64s' is not a whole number from %llu to %llu",
            option->name, value, (unsigned long long)min, (unsigned long long)max);
    *ret_value = number;
    return SBX_OK;
}

/* Seconds with up to three decimals, without strtod: no locale, no exponent, no surprise. */
static enum sbx_status milliseconds(
    const struct sbx_option *option, const char *value, uint64_t *ret_ms, struct sbx_error *err)
{
    const uint64_t max_seconds = 7u * 24u * 3600u;
    uint64_t seconds = 0, ms = 0, unit = 100;
    const char *p;

    for (p = value; *p >= '0' && *p <= '9' && seconds <= max_seconds; p++)
        seconds = seconds * 10 + (uint64_t)(*p - '0');
    if (p == value)
        goto invalid;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9' && unit; p++, unit /= 10)
            ms += unit * (uint64_t)(*p - '0');
    }
    if (*p || seconds > max_seconds || seconds * 1000 + ms == 0)
        goto invalid;
    *ret_ms = seconds * 1000 + ms;
    return SBX_OK;
invalid:
    return sbx_fail(err, SBX_INVALID, "%s: '%.64s' is not a time in seconds (0.001 to %llu)",
        option->name, value, (unsigned long long)max_seconds);
}

/* NAME=VALUE sets, NAME alone passes the caller's variable on. */
static enum sbx_status environment(const struct sbx_option *option, const char *value,
    struct sbx_policy *policy, struct sbx_error *err)
{
    const char *equals = strchr(value, '=');

    if (equals == value || !*value)
        return sbx_fail(err, SBX_INVALID, "%s: '%.64s' has no name", option->name, value);
    return sbx_strings_add(equals ? &policy->env_set : &policy->env_pass, value, err);
}

/* Options that land in the policy. */
static enum sbx_status apply_policy_option(const struct sbx_option *option, const char *value,
    struct sbx_policy *policy, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    uint64_t number = 0;
    int word = 0;

    switch (option->id) {
    case OPT_PROFILE:
        status = pick(option, value, profile_words, countof(profile_words), &word, err);
        policy->profile = (enum sbx_profile)word;
        break;
    case OPT_MODE:
        status = pick(option, value, mode_words, countof(mode_words), &word, err);
        policy->mode = (enum sbx_mode)word;
        break;
    case OPT_TOKEN:
        status = pick(option, value, token_words, countof(token_words), &word, err);
        policy->token = (enum sbx_token_choice)word;
        break;
    case OPT_NETWORK:
        status = pick(option, value, network_words, countof(network_words), &word, err);
        policy->network = (enum sbx_network)word;
        break;
    case OPT_DESKTOP:
        status = pick(option, value, desktop_words, countof(desktop_words), &word, err);
        policy->desktop = (enum sbx_desktop)word;
        break;
    case OPT_ALLOW_WRITE:
        return sbx_strings_add(&policy->allow_write, value, err);
    case OPT_DENY_WRITE:
        return sbx_strings_add(&policy->deny_write, value, err);
    case OPT_ENV:
        return environment(option, value, policy, err);
    case OPT_TIMEOUT:
        return milliseconds(option, value, &policy->limits.timeout_ms, err);
    case OPT_MAX_PROCESSES:
        status = whole(option, value, 1, 65535, &number, err);
        policy->limits.processes = (uint32_t)number;
        break;
    case OPT_MAX_MEMORY:
        status = whole(option, value, 16, 16u * 1024u * 1024u, &number, err);
        policy->limits.memory_bytes = number * 1024u * 1024u;
        break;
    case OPT_CPU:
        status = whole(option, value, 1, 100, &number, err);
        policy->limits.cpu_percent = (uint32_t)number;
        break;
    case OPT_BACKGROUND:
        policy->background = SBX_FLAG_YES;
        break;
    default:
        status = sbx_fail(err, SBX_INTERNAL, "option '%s' has no action", option->name);
        break;
    }
    return status;
}

/* "F1,P2" as two entries. */
static enum sbx_status add_list(const char *value, struct sbx_strings *list, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char item[32];
    size_t length;

    for (; !status && *value; value += length + (value[length] == ',')) {
        length = strcspn(value, ",");
        if (!length || length >= sizeof(item))
            return sbx_fail(err, SBX_INVALID, "--only: '%.64s' is no list of ids", value);
        memcpy(item, value, length);
        item[length] = '\0';
        status = sbx_strings_add(list, item, err);
    }
    return status;
}

/* "80x25" */
static enum sbx_status terminal_size(const struct sbx_option *option, const char *value,
    struct sbx_tty_size *ret_size, struct sbx_error *err)
{
    unsigned numbers[2] = {0, 0};
    const char *p = value;
    size_t i;

    for (i = 0; i < 2; i++) {
        while (*p >= '0' && *p <= '9' && numbers[i] <= SBX_TTY_SIZE_MAX)
            numbers[i] = numbers[i] * 10 + (unsigned)(*p++ - '0');
        if (*p != (i == 0 ? 'x' : '\0') || !numbers[i] || numbers[i] > SBX_TTY_SIZE_MAX)
            return sbx_fail(err, SBX_INVALID, "%s: '%.64s' is not COLSxROWS (up to %ux%u)",
                option->name, value, SBX_TTY_SIZE_MAX, SBX_TTY_SIZE_MAX);
        p++;
    }
    ret_size->columns = (uint16_t)numbers[0];
    ret_size->rows = (uint16_t)numbers[1];
    return SBX_OK;
}

/* Long because it is a table: one case per option. */
enum sbx_status sbx_option_apply(
    const struct sbx_option *option, const char *value, struct sbx_cli *cli, struct sbx_error *err)
{
    enum sbx_status status;
    uint64_t number = 0;
    int word = 0;

    switch (option->id) {
    case OPT_POLICY:
        return sbx_strings_add(&cli->policy_files, value, err);
    case OPT_CWD:
        cli->cwd = value;
        return SBX_OK;
    case OPT_RESULT:
        cli->result = value;
        return SBX_OK;
    case OPT_JSON:
        cli->json = true;
        return SBX_OK;
    case OPT_DRY_RUN:
        cli->dry_run = true;
        return SBX_OK;
    case OPT_QUIET:
        cli->quiet = true;
        return SBX_OK;
    case OPT_DEBUG:
        cli->debug = true;
        return SBX_OK;
    case OPT_WINE_UNCONFINED:
        cli->wine_unconfined = true;
        return SBX_OK;
    case OPT_HELP:
        cli->verb = SBX_VERB_HELP;
        return SBX_OK;
    case OPT_OP:
        status = pick(option, value, op_words, countof(op_words), &word, err);
        cli->op = (enum sbx_why_op)word;
        return status;
    case OPT_ALL:
        cli->all = true;
        return SBX_OK;
    case OPT_FOLLOW:
        cli->follow = true;
        return SBX_OK;
    case OPT_SINCE:
        cli->since = value;
        return SBX_OK;
    case OPT_INCLUDE_LINKS:
        cli->include_links = true;
        return SBX_OK;
    case OPT_TTY:
        cli->tty = true;
        return SBX_OK;
    case OPT_TTY_SIZE:
        return terminal_size(option, value, &cli->tty_size, err);
    case OPT_TTY_ESCAPES:
        status = pick(option, value, escape_words, countof(escape_words), &word, err);
        cli->tty_pass = word != 0;
        return status;
    case OPT_PIPE:
        cli->pipe = value;
        return SBX_OK;
    case OPT_SECONDS:
        return milliseconds(option, value, &cli->budget_ms, err);
    case OPT_ACCOUNTS:
        status = whole(option, value, 1, SBX_INSTALLATION_KINDS_MAX, &number, err);
        cli->accounts = (uint32_t)number;
        return status;
    case OPT_FENCE:
        status = pick(option, value, fence_words, countof(fence_words), &word, err);
        cli->fence = (enum sbx_setup_fence)word;
        return status;
    case OPT_VERIFY:
        cli->verify = true;
        return SBX_OK;
    case OPT_CALIBRATE:
        cli->calibrate = true;
        return SBX_OK;
    case OPT_ONLY:
        return add_list(value, &cli->operands, err);
    case OPT_REPORT:
        cli->result = value;
        return SBX_OK;
    default:
        return apply_policy_option(option, value, &cli->policy, err);
    }
}

/*
 * One row per option of `agent run`. Included by cli.c (parser and help) and by the test that
 * compares the table with README.md.
 */
#ifndef SBX_AGENT_OPTIONS_H
#define SBX_AGENT_OPTIONS_H

enum sbx_option_id {
    OPT_PROFILE = 1,
    OPT_ALLOW_WRITE,
    OPT_DENY_WRITE,
    OPT_POLICY,
    OPT_MODE,
    OPT_TOKEN,
    OPT_NETWORK,
    OPT_CWD,
    OPT_ENV,
    OPT_TIMEOUT,
    OPT_MAX_PROCESSES,
    OPT_MAX_MEMORY,
    OPT_CPU,
    OPT_BACKGROUND,
    OPT_DESKTOP,
    OPT_DRY_RUN,
    OPT_RESULT,
    OPT_JSON,
    OPT_QUIET,
    OPT_DEBUG,
    OPT_WINE_UNCONFINED,
    OPT_HELP
};

struct sbx_option {
    enum sbx_option_id id;
    const char *name;     /* with its dashes */
    const char *argument; /* as shown in help; NULL = none */
    bool repeatable;
    const char *group; /* heading in help */
    const char *help;  /* one or two lines, '\n' between */
};

static const struct sbx_option sbx_run_options[] = {
    {OPT_PROFILE, "--profile", "NAME", false, "What it may touch",
        "read-only or workspace-write (default: workspace-write)"},
    {OPT_ALLOW_WRITE, "--allow-write", "PATH", true, NULL,
        "a directory it may also write in; repeatable"},
    {OPT_DENY_WRITE, "--deny-write", "PATH", true, NULL,
        "a path inside a writable directory that stays read-only; repeatable"},
    {OPT_NETWORK, "--network", "ACCESS", false, NULL,
        "none (elevated only), advisory (unelevated only) or full\n"
        "(default: none in elevated mode, advisory in unelevated mode)"},
    {OPT_POLICY, "--policy", "FILE", true, NULL,
        "read a JSON policy, - = standard input; repeatable, later files win"},
    {OPT_MODE, "--mode", "MODE", false, "How it is confined",
        "auto, elevated or unelevated (default: auto)"},
    {OPT_TOKEN, "--token", "RECIPE", false, NULL,
        "auto, strict, isolated or standard (default: auto)"},
    {OPT_DESKTOP, "--desktop", "KIND", false, NULL, "private or interactive (default: private)"},
    {OPT_WINE_UNCONFINED, "--wine-unconfined", NULL, false, NULL,
        "under Wine only: run although nothing is enforced; the result says so"},
    {OPT_CWD, "--cwd", "DIR", false, "What it gets", "working directory (default: the caller's)"},
    {OPT_ENV, "--env", "NAME[=VALUE]", true, NULL,
        "set a variable, or pass the caller's one on; repeatable"},
    {OPT_TIMEOUT, "--timeout", "SECONDS", false, "Limits",
        "stop it after this time, fractions allowed; exit code 124"},
    {OPT_MAX_PROCESSES, "--max-processes", "N", false, NULL, "processes at once (default: 512)"},
    {OPT_MAX_MEMORY, "--max-memory", "MIB", false, NULL, "memory of all its processes together"},
    {OPT_CPU, "--cpu", "PERCENT", false, NULL, "share of the machine's processors, 1 to 100"},
    {OPT_BACKGROUND, "--background", NULL, false, NULL,
        "let its descendants outlive it (default: they end with it)"},
    {OPT_RESULT, "--result", "FILE", false, "What you get back",
        "write the JSON result there; handle:N = an inherited handle"},
    {OPT_JSON, "--json", NULL, false, NULL,
        "own messages and the result as JSON lines on standard error"},
    {OPT_DRY_RUN, "--dry-run", NULL, false, NULL,
        "print the plan as JSON and start nothing; not with --result"},
    {OPT_QUIET, "--quiet", NULL, false, NULL, "no warnings, errors only; not with --debug"},
    {OPT_DEBUG, "--debug", NULL, false, NULL, "say where an error came from, and stage timings"},
    {OPT_HELP, "--help", NULL, false, NULL, "this text"},
};

#endif

/* The tables behind options.h. */
#include "options.h"

/* Rows that several commands share. clang-format would pull the braces of the rows apart. */
/* clang-format off */
#define TOUCH_OPTIONS \
    {OPT_PROFILE, "--profile", "NAME", false, "What it may touch", \
        "read-only or workspace-write (default: workspace-write)"}, \
    {OPT_ALLOW_WRITE, "--allow-write", "PATH", true, NULL, \
        "a directory it may also write in; repeatable"}, \
    {OPT_DENY_WRITE, "--deny-write", "PATH", true, NULL, \
        "a path inside a writable directory that stays read-only; repeatable"}, \
    {OPT_NETWORK, "--network", "ACCESS", false, NULL, \
        "none (elevated only), advisory (unelevated only) or full\n" \
        "(default: none in elevated mode, advisory in unelevated mode)"}, \
    {OPT_POLICY, "--policy", "FILE", true, NULL, \
        "read a JSON policy, - = standard input; repeatable, later files win"}
#define CONFINED_OPTIONS \
    {OPT_MODE, "--mode", "MODE", false, "How it is confined", \
        "auto, elevated or unelevated (default: auto)"}, \
    {OPT_TOKEN, "--token", "RECIPE", false, NULL, \
        "auto, strict, isolated or standard (default: auto)"}, \
    {OPT_DESKTOP, "--desktop", "KIND", false, NULL, "private or interactive (default: private)"}
#define GETS_OPTIONS \
    {OPT_CWD, "--cwd", "DIR", false, "What it gets", "working directory (default: the caller's)"}, \
    {OPT_ENV, "--env", "NAME[=VALUE]", true, NULL, \
        "set a variable, or pass the caller's one on; repeatable"}
#define LIMIT_OPTIONS \
    {OPT_TIMEOUT, "--timeout", "SECONDS", false, "Limits", \
        "stop it after this time, fractions allowed; exit code 124"}, \
    {OPT_MAX_PROCESSES, "--max-processes", "N", false, NULL, "processes at once (default: 512)"}, \
    {OPT_MAX_MEMORY, "--max-memory", "MIB", false, NULL, "memory of all its processes together"}, \
    {OPT_CPU, "--cpu", "PERCENT", false, NULL, "share of the machine's processors, 1 to 100"}, \
    {OPT_BACKGROUND, "--background", NULL, false, NULL, \
        "let its descendants outlive it (default: they end with it)"}
#define SAY_OPTIONS \
    {OPT_QUIET, "--quiet", NULL, false, NULL, "no warnings, errors only; not with --debug"}, \
    {OPT_DEBUG, "--debug", NULL, false, NULL, "say where an error came from"}, \
    {OPT_HELP, "--help", NULL, false, NULL, "this text"}
#define JSON_OPTION \
    {OPT_JSON, "--json", NULL, false, "What you get back", \
        "one JSON object on standard output; messages as JSON lines on standard error"}
/* clang-format on */

static const struct sbx_option run_options[] = {
    TOUCH_OPTIONS,
    CONFINED_OPTIONS,
    {OPT_WINE_UNCONFINED, "--wine-unconfined", NULL, false, NULL,
        "under Wine only: run although nothing is enforced; the result says so"},
    GETS_OPTIONS,
    {OPT_TTY, "--tty", NULL, false, NULL,
        "a terminal of its own (Windows 10 1809); output and errors are one\n"
        "stream; not with --background"},
    {OPT_TTY_SIZE, "--tty-size", "COLSxROWS", false, NULL,
        "of that terminal (default: the caller's, or 80x25)"},
    {OPT_TTY_ESCAPES, "--tty-escapes", "HOW", false, NULL,
        "neutral: those that act on the caller's terminal (clipboard, title,\n"
        "links, queries) are dropped; pass: none is (default: neutral)"},
    LIMIT_OPTIONS,
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

static const struct sbx_option why_options[] = {
    {OPT_OP, "--op", "OPERATION", false, "What is asked", "read, write or delete"},
    TOUCH_OPTIONS,
    CONFINED_OPTIONS,
    GETS_OPTIONS,
    LIMIT_OPTIONS,
    JSON_OPTION,
    SAY_OPTIONS,
};

static const struct sbx_option show_options[] = {
    TOUCH_OPTIONS,
    CONFINED_OPTIONS,
    GETS_OPTIONS,
    LIMIT_OPTIONS,
    {OPT_JSON, "--json", NULL, false, "What you get back",
        "messages as JSON lines on standard error; the policy is JSON anyway"},
    SAY_OPTIONS,
};

static const struct sbx_option audit_options[] = {
    {OPT_SECONDS, "--seconds", "N", false, "What is looked at",
        "stop after this time, fractions allowed (default: 10)"},
    TOUCH_OPTIONS,
    CONFINED_OPTIONS,
    GETS_OPTIONS,
    LIMIT_OPTIONS,
    JSON_OPTION,
    SAY_OPTIONS,
};

static const struct sbx_option revoke_options[] = {
    {OPT_ALL, "--all", NULL, false, "What is revoked",
        "everything that was granted; not with PATH"},
    JSON_OPTION,
    SAY_OPTIONS,
};

static const struct sbx_option log_options[] = {
    {OPT_SINCE, "--since", "TIME", false, "What is shown",
        "only records from then on: 90s, 10m, 2h, 3d (ago), 2026-01-31 or\n"
        "2026-01-31T12:00 (UTC)"},
    {OPT_FOLLOW, "--follow", NULL, false, NULL, "and those to come, until Ctrl-C"},
    {OPT_JSON, "--json", NULL, false, "What you get back",
        "the records as they are, one JSON object per line"},
    SAY_OPTIONS,
};

static const struct sbx_option setup_options[] = {
    {OPT_ACCOUNTS, "--accounts", "N", false, "What is set up",
        "accounts of each kind, for policies that run at once, 1 to 9\n"
        "(default: as installed, or 1)"},
    {OPT_FENCE, "--fence", "FORM", false, NULL,
        "plain or complement, the form of the network filters\n"
        "(default: as installed, or plain)"},
    JSON_OPTION,
    SAY_OPTIONS,
};

static const struct sbx_option uninstall_options[] = {
    {OPT_VERIFY, "--verify", NULL, false, "What is done",
        "remove nothing: look whether anything is left"},
    JSON_OPTION,
    SAY_OPTIONS,
};

/* What every command of a session gets, unless a request says otherwise. */
/* clang-format off */
#define SESSION_OPTIONS \
    TOUCH_OPTIONS, \
    CONFINED_OPTIONS, \
    {OPT_WINE_UNCONFINED, "--wine-unconfined", NULL, false, NULL, \
        "under Wine only: run although nothing is enforced; the results say so"}, \
    GETS_OPTIONS, \
    LIMIT_OPTIONS
/* clang-format on */

static const struct sbx_option serve_options[] = {
    {OPT_PIPE, "--pipe", "NAME", false, "Who is served",
        "one client of the pipe \\\\.\\pipe\\NAME, of this user, instead of the caller"},
    SESSION_OPTIONS,
    SAY_OPTIONS,
};

static const struct sbx_option mcp_options[] = {SESSION_OPTIONS, SAY_OPTIONS};

static const struct sbx_option repair_options[] = {
    {OPT_INCLUDE_LINKS, "--include-links", NULL, false, "What is repaired",
        "also files with several names, when every name lies in the root"},
    JSON_OPTION,
    SAY_OPTIONS,
};

static const struct sbx_option attack_options[] = {
    {OPT_ONLY, "--only", "IDS", true, "What is tried",
        "these rows, separated by commas: F1a, or F1 for all of them, or F; repeatable"},
    {OPT_SECONDS, "--seconds", "N", false, NULL,
        "the time for all of it (default: 60); rows that it does not suffice for\n"
        "say so, and the exit code is 124"},
    {OPT_MODE, "--mode", "MODE", false, "How it is confined",
        "auto, elevated or unelevated (default: auto)"},
    {OPT_TOKEN, "--recipe", "RECIPE", false, NULL,
        "auto, strict, isolated or standard (default: auto)"},
    {OPT_WINE_UNCONFINED, "--wine-unconfined", NULL, false, NULL,
        "under Wine only: try it where nothing is enforced, and see the holes"},
    {OPT_REPORT, "--report", "FILE", false, "What you get back",
        "also write the JSON report there; handle:N = an inherited handle"},
    {OPT_JSON, "--json", NULL, false, NULL,
        "the report as one JSON object on standard output, with a hash over itself"},
    SAY_OPTIONS,
};

static const struct sbx_option doctor_options[] = {
    {OPT_CALIBRATE, "--calibrate", NULL, false, "What is done",
        "find the strictest token recipe that holds and works on this build,\n"
        "by trying, and keep it for `token: auto`"},
    {OPT_MODE, "--mode", "MODE", false, NULL,
        "of the calibration: auto, elevated or unelevated (default: auto)"},
    JSON_OPTION,
    SAY_OPTIONS,
};

static const struct sbx_option plain_options[] = {JSON_OPTION, SAY_OPTIONS};

static const char run_intro[] =
    "Runs PROGRAM in the sandbox. Its standard input, output and error are the caller's;\n"
    "agent's own messages go to standard error and start with 'agent: '.\n";

static const char run_codes[] = "Exit codes: the program's own, all 32 bits, or\n"
                                "  2    usage error or a policy that cannot be read\n"
                                "  124  the time limit passed\n"
                                "  125  the sandbox could not be set up or proved; nothing ran\n"
                                "  126  denied by policy, or not a program\n"
                                "  127  program not found\n"
                                "  130  cancelled (Ctrl-C)\n";

static const char why_intro[] =
    "Says which entry of which access list decides whether a command under this policy may do the\n"
    "operation on PATH: with the lists as they are, and as its first run would make them. Nothing\n"
    "is granted or changed. For a PATH that does not exist: whether it can be made.\n";

static const char why_codes[] = "Exit codes:\n"
                                "  0    allowed\n"
                                "  2    usage error or a policy that cannot be read\n"
                                "  125  could not be determined\n"
                                "  126  denied\n";

static const char revoke_intro[] =
    "Takes back exactly what runs have granted: the entries of the ledger, by SID, from the root\n"
    "and everything in it. PATH is a root, or a name that `agent grants list` shows.\n";

static const char grants_repair_intro[] =
    "Walks the roots that runs have granted (PATH, or all) and puts back every entry of the "
    "ledger\n"
    "that is missing. Reads no policy and grants nothing new. Lists what it leaves: links, files\n"
    "with several names, objects of other owners, objects without an access list.\n"
    "--include-links first lists the files with several names, then writes those whose names all\n"
    "lie in the root.\n";

static const char audit_intro[] =
    "Looks for directories outside the roots that a command could still write in, because their\n"
    "own access lists let it: PATH..., or the usual places (roots of fixed drives, ProgramData,\n"
    "Public, system folders, PATH, the profile, TEMP). Follows no link, changes nothing.\n";

static const char audit_codes[] = "Exit codes:\n"
                                  "  0    nothing found in what was looked at\n"
                                  "  1    found\n"
                                  "  2    usage error or a policy that cannot be read\n"
                                  "  125  could not be determined\n";

static const char log_intro[] =
    "Prints the audit log, oldest record first: what ran, was denied, asked, granted and found.\n";

static const char verify_intro[] =
    "Reads the whole audit log and names the first record that was changed, removed or moved. The\n"
    "last hash, kept elsewhere, also shows whether records are missing at the end.\n";

static const char verify_codes[] = "Exit codes:\n"
                                   "  0    every record follows the one before it\n"
                                   "  1    damaged\n"
                                   "  2    usage error\n"
                                   "  125  could not be determined\n";

static const char test_intro[] =
    "Compares decisions of the policy with rows of FILE: {\"rows\": [{\"argv\": [WORD...],\n"
    "\"expect\": \"allow|prompt|deny\", \"reason\": TEXT}, {\"kind\": \"write|desktop|network\",\n"
    "\"from\": \"option|parameter\", \"expect\": ...}]}. The policy is that of `agent run` with "
    "the\n"
    "same options.\n";

static const char test_codes[] = "Exit codes:\n"
                                 "  0    all as expected\n"
                                 "  1    not as expected\n"
                                 "  2    usage error, or a policy or rows that cannot be read\n"
                                 "  125  could not be determined\n";

static const char validate_intro[] =
    "Reads each FILE as a policy (- = standard input) and says what is "
    "wrong with it, one line each.\n";

static const char show_intro[] =
    "Prints the policy that `agent run` with the same options would follow, all layers merged, as\n"
    "JSON with its hash.\n";

static const char attack_intro[] =
    "Tries the attacks of the project's list inside the real sandbox, each one outside first, "
    "where\n"
    "it must work, and says what held. Works on files of its own in a new folder of your profile,\n"
    "removes everything, and talks to no other machine. Rows that nothing is run for say why.\n";

static const char attack_codes[] = "Exit codes:\n"
                                   "  0    nothing is BROKEN\n"
                                   "  1    something is BROKEN\n"
                                   "  2    usage error\n"
                                   "  124  the time was up: rows are left that were not tried\n"
                                   "  125  could not be tried\n";

static const char doctor_intro[] =
    "Looks at what the sandbox rests on: installation, accounts, rights, services, network rules,\n"
    "volumes, tools of PATH, access lists, and what earlier runs left. Each row has what was "
    "found\n"
    "and a remedy. Changes nothing; an administrator sees more. --calibrate tries the token "
    "recipes\n"
    "in the real sandbox, on files of its own, and keeps the strictest that passes.\n";

static const char doctor_codes[] = "Exit codes:\n"
                                   "  0    no fault; with --calibrate: a recipe passed\n"
                                   "  1    a fault; with --calibrate: none passed\n"
                                   "  2    usage error or a policy that cannot be read\n"
                                   "  125  failed\n";

static const char explain_intro[] =
    "CODE is an exit code (125), a status (unproven), a fact (TokenRestrictedSids), a system "
    "error\n"
    "(1326, ERROR_LOGON_FAILURE), a row of `agent verify` (F1a), or a check of `agent doctor`\n"
    "(account.locked).\n";

static const char explain_codes[] = "Exit codes:\n"
                                    "  0    explained\n"
                                    "  2    usage error\n"
                                    "  125  failed\n"
                                    "  127  no code of ours\n";

static const char plain_codes[] = "Exit codes:\n"
                                  "  0    done\n"
                                  "  2    usage error or a policy that cannot be read\n"
                                  "  125  failed\n";

static const char setup_intro[] =
    "Sets elevated mode up on this machine, or adds this user as a further operator: accounts,\n"
    "rights, network fence, state. Asks for administrator's rights once (UAC). What cannot work\n"
    "here is said before the prompt. A set-up that fails is undone. Doing it twice changes\n"
    "nothing.\n";

static const char repair_intro[] =
    "Puts back whatever of the installation is missing or was changed. With PATH: makes this user\n"
    "the owner of a file or folder that a sandbox account owns. Asks for administrator's rights.\n";

static const char uninstall_intro[] =
    "Takes back what runs of this user have granted, then removes everything that setup made on\n"
    "this machine. Asks for administrator's rights.\n";

static const char status_intro[] =
    "Says on one screen what the sandbox of this user rests on: mode, accounts, rights, network\n"
    "rules and filters, operators, token recipe, and what it does not hold. Changes nothing.\n";

static const char setup_codes[] = "Exit codes:\n"
                                  "  0    done, or there was nothing to do\n"
                                  "  2    usage error\n"
                                  "  125  failed; what was begun has been undone\n"
                                  "  126  cannot work on this machine or for this user\n"
                                  "  130  the prompt was answered with No, or Ctrl-C\n";

static const char revoke_codes[] = "Exit codes:\n"
                                   "  0    all of it was taken back\n"
                                   "  2    usage error\n"
                                   "  125  something could not be taken back\n"
                                   "  127  nothing was granted there\n"
                                   "  130  cancelled (Ctrl-C); the ledger knows what is left\n";

static const char repair_codes[] = "Exit codes:\n"
                                   "  0    all of it is there; see the list of what was left\n"
                                   "  2    usage error\n"
                                   "  125  something could not be put back\n"
                                   "  127  nothing was granted there\n"
                                   "  130  cancelled (Ctrl-C); the ledger knows what is left\n";

static const char serve_intro[] =
    "Runs many commands for one program: JSON-RPC 2.0, one message per line, on standard input "
    "and\n"
    "output (README.md lists the methods). The options are what each command gets unless its\n"
    "request says otherwise. When the caller is gone, every command ends.\n";

static const char mcp_intro[] =
    "A Model Context Protocol server on standard input and output, with the tools run, why and\n"
    "status. The options decide what its commands may do; a model cannot change them.\n";

static const char session_codes[] = "Exit codes:\n"
                                    "  0    the session ended: shutdown, or the caller is gone\n"
                                    "  2    usage error\n"
                                    "  125  failed\n";

const struct sbx_verb_row sbx_verb_rows[] = {
    {SBX_VERB_RUN, "run", "exec", "-- PROGRAM [ARGS...]", 1, SIZE_MAX, true,
        "run one command in the sandbox", run_intro, run_codes, run_options, countof(run_options)},
    {SBX_VERB_SERVE, "serve", NULL, NULL, 0, 0, false, "run commands for a program (JSON-RPC 2.0)",
        serve_intro, session_codes, serve_options, countof(serve_options)},
    {SBX_VERB_MCP, "mcp", NULL, NULL, 0, 0, false, "run commands for a model (MCP server)",
        mcp_intro, session_codes, mcp_options, countof(mcp_options)},
    {SBX_VERB_WHY, "why", NULL, "PATH --op OPERATION", 1, 1, false,
        "say what decides whether a command may read, write or delete a path", why_intro, why_codes,
        why_options, countof(why_options)},
    {SBX_VERB_GRANTS_LIST, "grants list", NULL, NULL, 0, 0, false, "list what runs have granted",
        "Lists the roots that runs have granted, from the ledgers.\n", plain_codes, plain_options,
        countof(plain_options)},
    {SBX_VERB_GRANTS_REPAIR, "grants repair", NULL, "[PATH]", 0, 1, false,
        "put back what is missing of it", grants_repair_intro, repair_codes, repair_options,
        countof(repair_options)},
    {SBX_VERB_REVOKE, "revoke", NULL, "PATH | --all", 0, 1, false, "take it back", revoke_intro,
        revoke_codes, revoke_options, countof(revoke_options)},
    {SBX_VERB_AUDIT_WRITABLE, "audit writable", NULL, "[PATH...]", 0, SIZE_MAX, false,
        "find places outside the roots that a command could still write in", audit_intro,
        audit_codes, audit_options, countof(audit_options)},
    {SBX_VERB_AUDIT_SHOW, "audit show", NULL, NULL, 0, 0, false, "print the audit log", log_intro,
        plain_codes, log_options, countof(log_options)},
    {SBX_VERB_AUDIT_VERIFY, "audit verify", NULL, NULL, 0, 0, false,
        "check that nobody changed the audit log", verify_intro, verify_codes, plain_options,
        countof(plain_options)},
    {SBX_VERB_POLICY_VALIDATE, "policy validate", NULL, "FILE...", 1, SIZE_MAX, false,
        "check policy files", validate_intro, plain_codes, plain_options, countof(plain_options)},
    {SBX_VERB_POLICY_SHOW, "policy show", NULL, NULL, 0, 0, false,
        "print the policy that a run would follow", show_intro, plain_codes, show_options,
        countof(show_options)},
    {SBX_VERB_POLICY_TEST, "policy test", NULL, "FILE", 1, 1, false,
        "compare the policy's decisions with a file of rows", test_intro, test_codes,
        why_options + 1, countof(why_options) - 1},
    {SBX_VERB_SETUP, "setup", NULL, NULL, 0, 0, false, "set elevated mode up (one UAC prompt)",
        setup_intro, setup_codes, setup_options, countof(setup_options)},
    {SBX_VERB_REPAIR, "repair", NULL, "[PATH]", 0, 1, false,
        "put the installation right, or give a path back to you", repair_intro, setup_codes,
        plain_options, countof(plain_options)},
    {SBX_VERB_UNINSTALL, "uninstall", NULL, NULL, 0, 0, false, "remove the installation",
        uninstall_intro, setup_codes, uninstall_options, countof(uninstall_options)},
    {SBX_VERB_STATUS, "status", NULL, NULL, 0, 0, false,
        "say what is installed, for whom, and what it holds", status_intro, plain_codes,
        plain_options, countof(plain_options)},
    {SBX_VERB_VERIFY, "verify", NULL, "[ID...]", 0, SIZE_MAX, false,
        "try to break the sandbox, and say what held", attack_intro, attack_codes, attack_options,
        countof(attack_options)},
    {SBX_VERB_DOCTOR, "doctor", NULL, NULL, 0, 0, false,
        "say what is wrong with installation, machine and state, and what mends it", doctor_intro,
        doctor_codes, doctor_options, countof(doctor_options)},
    {SBX_VERB_EXPLAIN, "explain", NULL, "CODE", 1, 1, false,
        "say what an exit code, an error, a fact or a row of verify means", explain_intro,
        explain_codes, plain_options, countof(plain_options)},
};

const size_t sbx_verb_row_count = countof(sbx_verb_rows);

const struct sbx_verb_row *sbx_verb_find(const char *first, const char *second)
{
    size_t i;

    for (i = 0; i < sbx_verb_row_count; i++) {
        const struct sbx_verb_row *row = &sbx_verb_rows[i];
        size_t length = strcspn(row->name, " ");

        if (row->alias && strcmp(row->alias, first) == 0)
            return row;
        if (strlen(first) != length || memcmp(row->name, first, length) != 0)
            continue;
        if (!row->name[length] || (second && strcmp(row->name + length + 1, second) == 0))
            return row;
    }
    return NULL;
}

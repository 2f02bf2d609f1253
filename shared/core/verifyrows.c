/*
 * The attacks of `agent verify`, in the order of the project's attack table: F files, G what a
 * repository keeps for later, N network, P processes, tokens, desktop and credentials, S state and
 * set-up. tests/attack-table.txt has the table's ids; a test compares.
 *
 * Words are those of the probe program (tests/suite/probe_*.c). Places in braces are the fixture's:
 * {ws} working directory and root, {free} a folder in it for the attack's own files, {out} a folder
 * of the user's beside it, {extra} a folder that an earlier run was allowed to write in. Inside and
 * outside have a fixture each, so neither spoils the other's.
 */
#include "verify.h"

/* clang-format off */
#define DELETES \
    "a write-restricted token of the user deletes where the user has FILE_DELETE_CHILD on the folder"
#define READS "the user's token reads what the user can; with `standard` an account's has the user's logon SID"
#define ADVISORY "advisory in unelevated mode: variables and stubs, a program that ignores them connects"
#define FENCE "set-up tried it as the account, with derived tokens, or nothing would be installed: agent status"
#define DEPUTY "a program that acts for the user on request runs with the user's own token"
#define NO_FIXTURE "not made on a live machine"

/* A probe; a control; a row with nothing to run. */
#define TRY(ids, group, name, stop, flags, words, why) \
    {ids, name, stop, words, NULL, why, 0, group, flags}
#define WITH(ids, group, name, stop, flags, options, words) \
    {ids, name, stop, words, options, NULL, 0, group, flags}
#define SAY(ids, group, name, what, why) SAY_IN(ids, group, name, what, 0, why)
#define SAY_IN(ids, group, name, what, flags, why) \
    {ids, name, "", NULL, NULL, why, SBX_VERIFY_##what, group, flags}

/* Several steps: agent/verifycheck.c has the function, the words say what it does. */
#define CHECK(ids, group, name, stop, flags, does) \
    {ids, name, stop, "@" does, NULL, NULL, 0, group, SBX_VERIFY_NO_TRACE | (flags)}

#define F SBX_VERIFY_FILES
#define G SBX_VERIFY_REPOSITORY
#define N SBX_VERIFY_NETWORK
#define P SBX_VERIFY_PROCESS
#define D SBX_VERIFY_DESKTOP
#define C SBX_VERIFY_CREDENTIALS
#define S SBX_VERIFY_STATE

#define TRACE_NOT SBX_VERIFY_NO_TRACE
#define MAY SBX_VERIFY_TWIN_MAY_FAIL
#define WEAK_USER SBX_VERIFY_RESIDUAL_UNELEVATED
#define WEAK_STD SBX_VERIFY_RESIDUAL_STANDARD
#define WEAK_LOOSE SBX_VERIFY_RESIDUAL_LOOSE
#define WEAK SBX_VERIFY_RESIDUAL_BOTH
#define ABSENT SBX_VERIFY_ABSENT_TOO
#define WINE_NOT SBX_VERIFY_NOT_IN_WINE
#define WORKS (SBX_VERIFY_MUST_WORK | TRACE_NOT)
#define USERS SBX_VERIFY_ONLY_UNELEVATED
#define ACCOUNTS SBX_VERIFY_ONLY_ELEVATED

const struct sbx_verify_row sbx_verify_rows[] = {
    /* --- controls: without them a sandbox that refuses everything would look perfect --- */
    TRY("C1", F, "create, append, rename, delete in the root", "the grant", WORKS,
        "seq|create|{free}\\a|+|append|{free}\\a|+|rename|{free}\\a|{free}\\b|+|delete|{free}\\b", NULL),
    TRY("C2", F, "make and remove a folder in the root", "the grant", WORKS,
        "seq|mkdir|{free}\\d|+|create|{free}\\d\\x|+|delete|{free}\\d\\x|+|rmdir|{free}\\d", NULL),
    TRY("C3", F, "a grandchild writes in the root", "the grant", WORKS,
        "seq|create|{free}\\ping|+|spawn|spawn|create|{free}\\g", NULL),
    TRY("C4", F, "read .git", "the grant", WORKS, "seq|create|{free}\\ping|+|read|{ws}\\.git\\config", NULL),

    /* --- F: files --- */
    TRY("F1a", F, "write outside", "restricting SIDs, or the account", 0, "write|{out}\\target.txt", NULL),
    TRY("F1b", F, "create outside", "restricting SIDs, or the account", 0, "create|{out}\\new.txt", NULL),
    TRY("F1c", F, "append outside", "restricting SIDs, or the account", 0, "append|{out}\\target.txt", NULL),
    TRY("F1d", F, "truncate outside", "restricting SIDs, or the account", 0, "truncate|{out}\\target.txt", NULL),
    TRY("F1e", F, "replace outside", "restricting SIDs, or the account", 0, "overwrite|{out}\\target.txt", NULL),
    TRY("F1f", F, "make a folder outside", "restricting SIDs, or the account", 0, "mkdir|{out}\\new", NULL),
    TRY("F1g", F, "write outside from a grandchild", "the token is inherited", 0,
        "spawn|spawn|write|{out}\\target.txt", NULL),
    TRY("F1h", F, "move a file from the root to outside", "restricting SIDs, or the account", 0,
        "seq|create|{free}\\m|+|rename|{free}\\m|{out}\\m", NULL),
    TRY("F1i", F, "delete outside", "the account", WEAK_USER, "delete|{out}\\target.txt", DELETES),
    TRY("F1j", F, "rename outside", "the account", WEAK_USER, "rename|{out}\\target.txt|{out}\\gone.txt", DELETES),
    TRY("F1k", F, "move a file from outside into the root", "the account", WEAK_USER,
        "rename|{out}\\target.txt|{free}\\taken.txt", DELETES),
    TRY("F1l", F, "write in the Windows folder", "the system's own lists", TRACE_NOT | MAY,
        "create|{windows}\\agent-verify.tmp", NULL),
    TRY("F1m", F, "write in Program Files", "the system's own lists", TRACE_NOT | MAY,
        "create|{programs}\\agent-verify.tmp", NULL),
    TRY("F2a", F, "write where Everyone may", "no Everyone among the restricting SIDs", WEAK_LOOSE,
        "seq|create|{everyone}\\new.txt|+|write|{everyone}\\target.txt",
        "Everyone is a restricting SID of this recipe"),
    WITH("F2b", F, "the same with the strict recipe", "no Everyone among the restricting SIDs", USERS,
        "--token|strict", "seq|create|{everyone}\\new.txt|+|write|{everyone}\\target.txt"),
    TRY("F3", F, "write where Authenticated Users may", "never a restricting SID", USERS,
        "seq|create|{authenticated}\\new.txt|+|write|{authenticated}\\target.txt", NULL),
    TRY("F4", F, "write where INTERACTIVE may", "never a restricting SID", USERS,
        "seq|create|{interactive}\\new.txt|+|write|{interactive}\\target.txt", NULL),
    TRY("F5", F, "write where Users may", "never a restricting SID", USERS,
        "seq|create|{users}\\new.txt|+|write|{users}\\target.txt", NULL),
    TRY("F6", F, "write where there is no access list at all", "nothing", WEAK, "write|{nulldacl}\\target.txt",
        "without a list there is nothing to refuse with; `agent audit writable` finds such places"),
    SAY("F7", F, "volumes without access lists", NOT_APPLICABLE,
        "refused as roots; what lies on them is not protected: tests/unit/test_plan.c"),
    TRY("F8a", F, "through a junction made in the root", "the target's list", 0,
        "seq|junction|{free}\\j|{out}|+|write|{free}\\j\\target.txt", NULL),
    TRY("F8b", F, "through a symbolic link", "the target's list", MAY,
        "seq|symlink|{free}\\s|{out}\\target.txt|+|write|{free}\\s", NULL),
    SAY("F9", F, "a planted junction, followed by our own programs", NOT_APPLICABLE,
        "the agent opens by handle without following links: tests/win/test_file.c, tests/win/test_protect.c"),
    SAY("F10", F, "a junction on a path that setup stamps", NOT_APPLICABLE,
        "needs an administrator: tests of sandbox-setup"),
    SAY("F11", F, "the root itself is a link", NOT_APPLICABLE, "refused before anything runs: suite row CX38"),
    SAY("F12", F, "a junction flipped while the agent stamps", NOT_APPLICABLE,
        "a race; operations are relative to handles: suite row CX36"),
    TRY("F13", F, "through a hard link that was there at the grant", "no grant on files with several names", 0,
        "write|{ws}\\linked.txt", NULL),
    TRY("F14a", F, "through a hard link made inside", "the file's own list", ABSENT,
        "seq|hardlink|{free}\\l|{out}\\target.txt|+|write|{free}\\l", NULL),
    CHECK("F14b", F, "grants repair of a file with a name outside", "all its names must be in the root", 0,
        "agent grants repair --include-links of a root with a second name of a file outside, then a write through it"),
    CHECK("F14c", F, "a name moved out while a repair writes", "names are held open, not to be moved", 0,
        "between the look and the writing of agent grants repair --include-links, one of two names is moved outside"),
    TRY("F15", F, "empty a protected folder and make it again", "no FILE_DELETE_CHILD, deny DELETE", 0,
        "seq|delete|{ws}\\.git\\hooks\\pre-commit|+|rmdir|{ws}\\.git\\hooks", NULL),
    TRY("F16a", F, "rename a protected folder away", "deny DELETE", 0, "rename|{ws}\\.git|{ws}\\old", NULL),
    TRY("F16b", F, "put another in its place", "deny DELETE", 0,
        "seq|mkdir|{free}\\new|+|rename|{ws}\\.git|{ws}\\old|+|rename|{free}\\new|{ws}\\.git", NULL),
    SAY("F17", F, "create a protected name that was not there", RESIDUAL,
        "no list can deny a name that does not exist: watched, then adopted or quarantined, and in the result"),
    TRY("F18", F, "another case: .GiT", "lists belong to the object", 0, "write|{ws}\\.GiT\\config", NULL),
    TRY("F19", F, "a short name", "lists belong to the object", 0, "shortwrite|{ws}|.git|config", NULL),
    TRY("F20a", F, "a stream of a protected file", "lists belong to the object", TRACE_NOT,
        "append|{ws}\\.git\\config:stream", NULL),
    TRY("F20b", F, "a stream of a file outside", "lists belong to the object", TRACE_NOT,
        "append|{out}\\target.txt:stream", NULL),
    TRY("F21a", F, "a \\\\?\\ path", "lists belong to the object", 0, "write|\\\\?\\{out}\\target.txt", NULL),
    TRY("F21b", F, "a native path", "lists belong to the object", 0, "ntwrite|\\??\\{out}\\target.txt", NULL),
    TRY("F21c", F, "a \\\\?\\ path into .git", "lists belong to the object", 0,
        "write|\\\\?\\{ws}\\.git\\config", NULL),
    TRY("F22a", F, "the raw disk", "the device's list", TRACE_NOT | MAY | WINE_NOT, "open|\\\\.\\PhysicalDrive0|2", NULL),
    TRY("F22b", F, "the raw volume", "the device's list", TRACE_NOT | MAY | WINE_NOT, "open|\\\\.\\C:|2", NULL),
    TRY("F23", F, "by file id", "lists belong to the object", 0, "idwrite|{out}\\target.txt", NULL),
    SAY("F24", F, "backup and restore rights", NOT_APPLICABLE,
        "no such privilege is left: read back from every child before it runs (PrivilegesLeft)"),
    TRY("F25a", F, "give oneself rights on .git", "deny WRITE_DAC", TRACE_NOT,
        "setdacl|{ws}\\.git|D:P(A;OICI;FA;;;WD)", NULL),
    TRY("F25b", F, "take .git", "deny WRITE_OWNER", TRACE_NOT, "takeown|{ws}\\.git", NULL),
    TRY("F25c", F, "give oneself rights outside", "the second pass asks for WRITE_DAC", TRACE_NOT,
        "setdacl|{out}\\target.txt|D:P(A;;FA;;;WD)", NULL),
    TRY("F25d", F, "take a file outside", "the second pass asks for WRITE_OWNER", TRACE_NOT,
        "takeown|{out}\\target.txt", NULL),
    CHECK("F26a", F, "what an earlier, wider run was granted", "one SID per root, in the token while it counts", 0,
        "a run that may write a second folder, then one that may not, which tries it"),
    CHECK("F26b", F, "a root moved away, and another at its path", "the SID is the folder's, not the path's", 0,
        "a run with a second root, which is moved away and made anew; the next run writes where it was moved to"),
    CHECK("F27", F, "another project's root", "one SID per root", 0,
        "a run in another folder, then one in this, which tries the other"),
    SAY("F28", F, "denyRead", NOT_APPLICABLE, "refused in unelevated mode; elevated: tests/unit/test_plan_reads.c"),
    SAY("F29", F, "old versions in a shadow copy", RESIDUAL, "their lists are older than ours; reading only"),
    TRY("F30a", F, "through a mapped file", "the handle's rights", 0, "mapwrite|{out}\\target.txt", NULL),
    TRY("F30b", F, "delete on close", "the account", WEAK_USER, "delete-on-close|{out}\\target.txt", DELETES),
    TRY("F30c", F, "attributes outside", "restricting SIDs, or the account",
        TRACE_NOT | WINE_NOT, "attributes|{out}\\target.txt", NULL),
    SAY("F31", F, "drive letters made by subst", NOT_APPLICABLE,
        "a name gives no right: lists belong to the object, as in F21 and F23"),
    SAY("F32", F, "filling the disk", RESIDUAL, "no job limit and no list counts bytes"),
    TRY("F33", S, "write beside our own state", "restricting SIDs, the group's deny", TRACE_NOT,
        "mkdir|{state}\\agent-verify", NULL),
    SAY("F34", S, "state files cut short or full of NUL bytes", NOT_APPLICABLE,
        "checksummed lines and set-aside files: tests/unit/test_ledgerline.c"),
    SAY("F35", F, "lists that rely on AppContainer or integrity", NOT_APPLICABLE, "nothing here relies on them"),
    WITH("RO1", F, "read-only: write in the working directory", "no capability in the token", 0,
        "--profile|read-only", "write|{ws}\\target.txt"),
    WITH("RO2", F, "read-only: create in the working directory", "no capability in the token", 0,
        "--profile|read-only", "create|{ws}\\new.txt"),
    WITH("DW1", F, "denyWrite: write below it", "the deny entry", 0, "--deny-write|{ws}\\kept",
        "write|{ws}\\kept\\target.txt"),
    WITH("DW2", F, "denyWrite: move it away", "deny DELETE", 0, "--deny-write|{ws}\\kept",
        "rename|{ws}\\kept|{ws}\\moved"),
    WITH("DW3", F, "denyWrite: move the folder above it", "deny DELETE up to the root", 0,
        "--deny-write|{ws}\\kept\\target.txt", "rename|{ws}\\kept|{ws}\\moved"),

    /* --- G: what runs later, outside --- */
    TRY("G1a", G, "change .git/config", "the deny entry", 0, "write|{ws}\\.git\\config", NULL),
    TRY("G1b", G, "add a hook", "the deny entry", 0, "create|{ws}\\.git\\hooks\\post-commit", NULL),
    TRY("G1c", G, "change a hook", "the deny entry", 0, "overwrite|{ws}\\.git\\hooks\\pre-commit", NULL),
    TRY("G1d", G, "change a hook from a grandchild", "the token is inherited", 0,
        "spawn|spawn|write|{ws}\\.git\\hooks\\pre-commit", NULL),
    TRY("G1e", G, "move a prepared hook in", "deny FILE_ADD_FILE", 0,
        "seq|create|{free}\\h|+|rename|{free}\\h|{ws}\\.git\\hooks\\post-merge", NULL),
    TRY("G1f", G, "through a hard link to .git/config", "the file's own list", ABSENT,
        "seq|hardlink|{free}\\c|{ws}\\.git\\config|+|write|{free}\\c", NULL),
    TRY("G1g", G, "delete .git/config", "deny DELETE, no FILE_DELETE_CHILD", 0, "delete|{ws}\\.git\\config", NULL),
    TRY("G2a", G, "change .mcp.json", "the deny entry", 0, "write|{ws}\\.mcp.json", NULL),
    TRY("G2b", G, "change .vscode/tasks.json", "the deny entry", 0, "write|{ws}\\.vscode\\tasks.json", NULL),
    TRY("G2c", G, "add a file to .claude", "the deny entry", 0, "create|{ws}\\.claude\\settings.json", NULL),
    TRY("G2d", G, "replace .envrc", "deny DELETE", 0,
        "seq|create|{free}\\e|+|delete|{ws}\\.envrc", NULL),
    SAY("G3", G, "build files: package.json, Makefile, build.rs", RESIDUAL,
        "they are the work; run later builds in the sandbox, too"),
    SAY("G4", G, "a git.exe in the working directory", NOT_APPLICABLE,
        "programs are never looked up in the current directory: suite row CX35"),
    SAY("G5", G, "a DLL beside a program the user starts", NOT_APPLICABLE,
        "only inside a root, where the work is; Program Files and PATH are refused as roots"),
    TRY("G6", G, "the user's registry (Run keys, file types)", "restricting SIDs", TRACE_NOT | USERS,
        "regwrite|{key}", NULL),
    CHECK("G8", G, "a protected name that is a link", "no entry is written through it", 0,
        "a junction .idea to a folder outside, then a run: no entry is planned for it, and no list changed"),
    CHECK("G9", G, "a name that something in the background makes", "a record of what was there", 0,
        "a run with --background, then .cursor is made, then another run, which must report it"),
    SAY("G7", G, "secrets in a commit that is pushed later", RESIDUAL, "outside of what a sandbox sees"),

    /* --- N: network --- */
    SAY_IN("N1", N, "TCP to another machine", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N1e", N, "TCP to another machine", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY_IN("N2", N, "UDP, QUIC, raw sockets", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N2e", N, "UDP, QUIC, raw sockets", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY_IN("N3", N, "ICMP", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N3e", N, "ICMP", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY_IN("N4", N, "DNS by its own socket", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N4e", N, "DNS by its own socket", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY("N5", N, "names through the DNS Client service", RESIDUAL, "a service asks, not the child"),
    SAY_IN("N6", N, "loopback: databases, Docker, debuggers", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N6e", N, "loopback: databases, Docker, debuggers", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY("N7", N, "a squatter on the proxy's ports", NOT_APPLICABLE, "this version has no proxy"),
    SAY_IN("N8", N, "listening", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N8e", N, "listening", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY("N9", N, "SMB", RESIDUAL, "the kernel dials, as the user's or the account's session"),
    SAY("N10", N, "WebDAV", RESIDUAL, "the WebClient service dials"),
    SAY("N11", N, "BITS, Windows Update, printing to an address", RESIDUAL, DEPUTY),
    SAY("N12", N, "proxy: control bytes in a host name", NOT_APPLICABLE, "this version has no proxy"),
    SAY("N13", N, "proxy: an empty list that allows all", NOT_APPLICABLE, "this version has no proxy"),
    SAY("N14", N, "proxy: private and metadata addresses", NOT_APPLICABLE, "this version has no proxy"),
    SAY("N15", N, "proxy: spellings of a name", NOT_APPLICABLE, "this version has no proxy"),
    SAY("N16", N, "proxy: used by somebody else", NOT_APPLICABLE, "this version has no proxy"),
    SAY_IN("N17", N, "proxy variables changed by the child", RESIDUAL, USERS, ADVISORY),
    SAY_IN("N17e", N, "proxy variables changed by the child", CANNOT_TELL, ACCOUNTS, FENCE),
    SAY("N18", N, "group policy over the firewall rules", NOT_APPLICABLE,
        "the filters are the boundary; `agent status` shows what a policy overrides"),
    SAY("N19", N, "AppContainer's own filters", NOT_APPLICABLE, "no AppContainer is used"),

    /* --- P: processes, tokens, desktop, credentials --- */
    TRY("P1a", P, "change a process of the user", "restricting SIDs, or the account", TRACE_NOT,
        "process|{victim}|write", NULL),
    TRY("P1b", P, "change its threads", "restricting SIDs, or the account", TRACE_NOT,
        "thread|{victim}|write", NULL),
    TRY("P1c", P, "use the token of its threads", "the kernel, at impersonation", TRACE_NOT | WEAK_USER,
        "thread|{victim}|borrow", "opening is no write right; impersonating yields identification only"),
    TRY("P1d", P, "read its memory", "the account", TRACE_NOT | WEAK_USER | WEAK_STD,
        "process|{victim}|all", READS),
    TRY("P2a", P, "change or read our runner", "its own protected list", TRACE_NOT, "process|^1|all", NULL),
    TRY("P2b", P, "change or read the runner's threads", "their own lists", TRACE_NOT, "thread|^1|all", NULL),
    TRY("P2c", P, "open the runner's token", "the process's list", TRACE_NOT, "token|^1", NULL),
    TRY("P2d", P, "change or read the agent", "its own protected list", TRACE_NOT, "process|^2|all", NULL),
    TRY("P2e", P, "change or read the agent's threads", "their own lists", TRACE_NOT, "thread|^2|all", NULL),
    TRY("P2f", P, "open the agent's token", "the process's list", TRACE_NOT, "token|^2", NULL),
    SAY("P3", P, "another run's child", CANNOT_TELL,
        "needs two runs at once: suite row P03; with `standard` both have the logon SID"),
    TRY("P4", P, "leave the job", "no breakaway", TRACE_NOT, "breakaway|ping", NULL),
    SAY("P5", P, "a descendant that outlives the command", NOT_APPLICABLE,
        "kill on close, read back from the job before every start: suite rows L"),
    SAY("P6", P, "too many processes, too much memory", NOT_APPLICABLE,
        "job limits, read back before every start: suite rows L"),
    SAY("P7", P, "inherited handles", NOT_APPLICABLE, "three handles by list: suite row V06"),
    TRY("P8", P, "a child under another parent", "PROCESS_CREATE_PROCESS", TRACE_NOT,
        "parentspoof|{victim}", NULL),
    SAY("P9", P, "explorer's COM objects, Start-Process URL", RESIDUAL, DEPUTY),
    SAY("P10", P, "WMI", CANNOT_TELL, "not tried: it would start a process outside"),
    SAY("P11", P, "Task Scheduler", CANNOT_TELL, "not tried: it would leave a task behind"),
    SAY("P12", P, "services", NOT_APPLICABLE, "need an administrator"),
    SAY("P13", P, "UAC auto-elevation", CANNOT_TELL, "not tried: it would start an elevated program"),
    TRY("P14", C, "our sealed credential", "the file's list: group denied", TRACE_NOT | ACCOUNTS,
        "read|{secrets}", NULL),
    SAY("P15", C, "saved passwords, DPAPI of the user", RESIDUAL,
        "unelevated: the child is the user; elevated: another user, whose store is empty"),
    SAY("P16", C, "locking the account by wrong passwords", RESIDUAL, "`agent doctor` sees it, `agent repair` mends it"),
    TRY("P17a", P, "a pipe of the user's", "the pipe's list", TRACE_NOT, "pipe|{pipe}", NULL),
    TRY("P17b", P, "an event of the user's", "the event's list", TRACE_NOT, "event|{event}", NULL),
    SAY("P18", P, "impersonating a client of its own pipe", NOT_APPLICABLE,
        "SeImpersonate is gone: read back from every child before it runs"),
    TRY("P19", D, "the clipboard", "job UI limits", TRACE_NOT | MAY | WINE_NOT, "clipboard", NULL),
    SAY("P20", D, "global atoms, display settings, logging off", NOT_APPLICABLE,
        "job UI limits, read back before every start"),
    SAY("P21", D, "input, hooks, messages to the user's windows", RESIDUAL,
        "a private desktop keeps accidents apart; with `standard` the user's desktop can be opened (P22)"),
    TRY("P22", D, "open the user's desktop", "the logon SID is deny-only",
        TRACE_NOT | MAY | WEAK_STD | WINE_NOT, "desktop|Default", "the logon SID is enabled in this recipe"),
    SAY("P23", D, "typing into the agent's console", CANNOT_TELL,
        "not tried: a key would arrive in your console; the child has none of it: suite row P23"),
    SAY("P24", D, "escape sequences in its output", NOT_APPLICABLE,
        "the bytes are the caller's; --tty neutralises them: tests/unit/test_vtfilter.c"),
    SAY("P25", C, "secrets in environments and command lines", RESIDUAL,
        "unelevated: other processes of the user can be read; our own are locked (P2)"),
    SAY("P26", P, "WSL, Docker, podman", RESIDUAL, DEPUTY),
    SAY("P27", P, "COM servers that run as the user", RESIDUAL, DEPUTY),
    SAY("P28", P, "services that act for anybody (installer, printing)", RESIDUAL, DEPUTY),
    SAY("P29", P, "bugs of the kernel", RESIDUAL, "patches"),
    SAY("P30", P, "ending the runner, flooding it", NOT_APPLICABLE,
        "ending it ends the run; frames are capped: suite rows L, tests/fuzz/fuzz_message.c"),
    SAY("P31", P, "forged messages to the agent", NOT_APPLICABLE,
        "anonymous pipes that the child has no handle to: suite row V06"),

    /* --- S: setup, upgrade, policy --- */
    SAY("S1", S, "a DLL beside sandbox-setup.exe", NOT_APPLICABLE,
        "System32 only, set before anything is loaded: tests/win/test_late.c"),
    SAY("S2", S, "the runner swapped between check and use", NOT_APPLICABLE,
        "elevated: Program Files and a hash; unelevated: the user's own folder"),
    SAY("S3", S, "a hostile request to setup", NOT_APPLICABLE, "tests of sandbox-setup"),
    SAY("S4", S, "a second user runs setup", NOT_APPLICABLE, "tests of sandbox-setup"),
    SAY("S5", S, "UAC refused", NOT_APPLICABLE, "tests of agent setup"),
    SAY("S6", S, "an account left by somebody else", NOT_APPLICABLE, "tests of sandbox-setup"),
    SAY("S7", S, "a crash at any step", NOT_APPLICABLE, "tests of the engine and of the grants"),
    SAY("S8", S, "a filter that cannot be made", NOT_APPLICABLE, "fatal: tests of sandbox-setup"),
    TRY("S9", S, "the workspace's own policy file", "a protected name", 0,
        "write|{ws}\\.agent-sandbox.json", NULL),
    SAY("S10", S, "quoting", NOT_APPLICABLE, "100,000 vectors a run: tests/unit/test_cmdline.c, suite rows A"),
    SAY("S11", S, "a working directory chosen by a model", RESIDUAL,
        "whoever calls the agent chooses the root; refused are roots that contain our own or the system's files"),
    /* --- R: refused before it begins --- */
    CHECK("R1", S, "more than a person allowed", "asked before it is granted", 0,
        "a command that wants a second root, which the policy answers with deny: not started, and no list changed"),
    CHECK("R2", S, "a command that a rule denies", "the rule, before the plan", 0,
        "the denied command is run: refused with 126, nothing made, no list changed"),
    CHECK("R3", S, "the plan of a command that a rule denies", "the rule, before the plan", 0,
        "the denied command with --dry-run: refused with 126, no plan"),
    SAY("S12", S, "what an uninstall leaves", NOT_APPLICABLE, "`agent uninstall --verify`"),
};
/* clang-format on */

const size_t sbx_verify_row_count = countof(sbx_verify_rows);

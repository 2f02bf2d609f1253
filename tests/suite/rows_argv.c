/* The child receives exactly the vector given, or nothing is started. */
#include "suite.h"

/* What `probe argv` prints for a vector. */
static char *expected(const char *const *vector, size_t count)
{
    char *text = f("%s", "");
    for (size_t i = 0; i < count; i++) {
        text = f("%sarg ", text);
        for (const wchar_t *p = w(vector[i]); *p; p++)
            text = f("%s%04x", text, *p);
        text = f("%s\n", text);
    }
    return text;
}

static const char *const plain_vector[] = {"a", "", "b c", "\"", "\"quoted\"", "a\"b", "\\", "\\\\",
    "trail\\", "trail \\", "trail space\\\\", "\\\"", "\\\\\"", "a\\\\\"b c\\", "tab\there", "-x",
    "--", "/c", "*.txt", "?", "%PATH%", "%", "%%", "^", "&", "|", "<", ">", "!", "(", ")", ";", ",",
    "=", "'", "`", "~", "@file", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "new\nline", "\r",
    "\x01", "\x7F", "\xEF\xBB\xBF", "\xEF\xBF\xBD", " ", "  ",
    "a\xC2\xA0"
    "b"};

static void vectors(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_cmd(&agent, probe_path(), "argv", NULL);
    for (size_t i = 0; i < countof(plain_vector); i++)
        agent_cmd(&agent, plain_vector[i], NULL);
    agent_go(&agent);
    char *want = expected(plain_vector, countof(plain_vector));
    EXPECT(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
    EXPECT(!strncmp(agent.run.out_text, want, strlen(want)), "wanted %.900s got %.900s", want,
        agent.run.out_text);
}

static void longest(const struct row *row)
{
    static char argument[32768];
    (void)row;
    /* A command line may have 32,767 units, its NUL included. The agent's own line is the longer
     * one; what its other words leave free goes to the argument. */
    size_t others =
        strlen(agent_path()) + strlen(fx.ws) + strlen(fx.res) + strlen(probe_path()) + 120;
    size_t fits = 32766 - others;
    memset(argument, 'x', fits);
    struct stream_hash hash = {0};
    stream_hash_add(&hash, (const unsigned char *)w(argument), fits * 2);
    struct agent agent = {0};
    agent_cmd(&agent, probe_path(), "argv-length", argument, NULL);
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, f("length %u hash %016llx", (unsigned)fits,
                                          (unsigned long long)stream_hash_end(&hash))),
        "an argument of %u units: %s", (unsigned)fits, agent_story(&agent));
    diag("%u units passed", (unsigned)fits);
}

/* cmd.exe cuts or refuses a line of more than 8,191 characters; a cut vector must never run. */
static void batch_too_long(const struct row *row)
{
    static char argument[9001];
    struct agent agent = {0};
    (void)row;
    memset(argument, 'y', sizeof argument - 1);
    write_file(f("%s\\long.cmd", fx.ws),
        f("@\"%s\" seq create \"%s\\started.txt\" + argv-length %%1\r\n", probe_path(), fx.ws));
    agent_cmd(&agent, f("%s\\long.cmd", fx.ws), argument, NULL);
    agent_go(&agent);
    bool refused = (agent.run.code == 126 || agent.run.code == 2) &&
                   strstr(agent.run.err_text, "agent: ") && !exists(f("%s\\started.txt", fx.ws));
    EXPECT(refused || strstr(agent.run.out_text, "length 9000 "), "neither whole nor refused: %s",
        agent_story(&agent));
}

static void surrogates(const struct row *row)
{
    static const char *const bad[] = {
        "\xED\xA0\x80", "x\xED\xA0\x80y", "\xED\xB0\x80", "\xED\xB0\x80\xED\xA0\x80"};
    (void)row;
    for (size_t i = 0; i < countof(bad); i++) {
        struct agent agent = {0};
        agent_cmd(&agent, probe_path(), "seq", "create", f("%s\\started.txt", fx.ws), "+", "argv",
            bad[i], NULL);
        agent_go(&agent);
        EXPECT(agent.run.code == 2 || agent.run.code == 125 || agent.run.code == 126,
            "a lone surrogate was not refused: %s", agent_story(&agent));
        EXPECT(strstr(agent.run.err_text, "agent: "), "no message: %s", agent_story(&agent));
        EXPECT(!exists(f("%s\\started.txt", fx.ws)), "the command was started");
    }
}

/* --- the same through a batch file, which cmd.exe parses once more --- */

static const char *const batch_vectors[] = {"plain", "two words", "", "a=b", "a,b", "a;b", "%PATH%",
    "%NOSUCH%", "100%", "%%", "%1", "%~dp0", "a&b", "& echo x>{ws}\\injected.txt",
    "\"&echo x>{ws}\\injected.txt", "a|b", "a<b", "a>{ws}\\injected.txt", "a^b", "^", "^^", "^&",
    "!PATH!", "a!b", "\"", "a\"b", "say \"hi\"", "\"%PATH%\"", "trail\\", "trail \\", "(", ")",
    "a)b", "\xC3\xBC", "new\nline", "/?", "a`b", "~", "'a b'",
    "\" & echo x>{ws}\\injected.txt & \""};

static void batch(const struct row *row)
{
    char *script = f("%s\\echo args.cmd", fx.ws);
    int exact = 0, refused = 0;
    (void)row;
    write_file(script, f("@\"%s\" argv %%*\r\n", probe_path()));
    for (size_t i = 0; i < countof(batch_vectors); i++) {
        struct agent agent = {.no_result = true};
        const char *argument = expand(batch_vectors[i]);
        agent_cmd(&agent, script, "first", argument, "last", NULL);
        agent_go(&agent);
        const char *vector[] = {"first", argument, "last"};
        char *want = expected(vector, 3);
        bool same =
            agent.run.code == PROBE_SUCCEEDED && !strncmp(agent.run.out_text, want, strlen(want));
        bool no = (agent.run.code == 126 || agent.run.code == 2) &&
                  strstr(agent.run.err_text, "agent: ") && !agent.run.out_bytes;
        exact += same;
        refused += no;
        EXPECT(same || no, "'%s' came as something else: %s", argument, agent_story(&agent));
        EXPECT(!exists(f("%s\\injected.txt", fx.ws)), "'%s' ran as a command", argument);
        remove_tree(f("%s\\injected.txt", fx.ws));
    }
    diag("%d exact, %d refused", exact, refused);
    EXPECT(exact >= 4, "nearly everything is refused");
}

static void batch_code(const struct row *row)
{
    struct agent agent = {0}, bare = {.run.cwd = fx.ws};
    (void)row;
    write_file(f("%s\\code.cmd", fx.ws), "@exit /b 42\r\n");
    agent_cmd(&agent, f("%s\\code.cmd", fx.ws), NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 42, "wanted 42: %s", agent_story(&agent));
    write_file(f("%s\\code.bat", fx.ws), "@exit 43\r\n");
    agent_cmd(&bare, ".\\code.bat", NULL);
    agent_go(&bare);
    EXPECT(bare.run.code == 43, "wanted 43: %s", agent_story(&bare));
}

static void cmd_switch(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_cmd(&agent, "cmd", "/c", "echo one&& echo two>made.txt", NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 0 && !strncmp(agent.run.out_text, "one", 3) &&
               exists(f("%s\\made.txt", fx.ws)),
        "cmd /c with an operator: %s", agent_story(&agent));
    struct agent quoted = {0};
    agent_cmd(&quoted, "cmd", "/c", f("\"%s\" argv \"a b\"", probe_path()), NULL);
    agent_go(&quoted);
    EXPECT(quoted.run.code == PROBE_SUCCEEDED && strstr(quoted.run.out_text, "arg 006100200062\n"),
        "cmd /c with a quoted program: %s", agent_story(&quoted));
}

#define RUN NEED_RUN
static const struct row rows[] = {
    {"A01", "argv__any_text__arrives_exactly", RUN, 0, vectors, NULL},
    {"A02", "argv__longest_line__arrives_exactly", RUN, 0, longest, NULL},
    {"A03", "argv__batch_beyond_the_limit_of_cmd__whole_or_refused", RUN, 0, batch_too_long, NULL},
    {"A04", "argv__lone_surrogate__refused", RUN | NEED(FACT_SURROGATE), 0, surrogates, NULL},
    {"A05", "argv__through_batch_file__exact_or_refused", RUN, 180, batch, NULL},
    {"A06", "argv__batch_file_ends__its_code", RUN, 0, batch_code, NULL},
    {"A07", "argv__cmd_with_a_line__as_cmd_reads_it", RUN, 0, cmd_switch, NULL},
};
const struct row_set rows_argv = {rows, countof(rows)};

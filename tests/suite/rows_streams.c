/* Standard input, output and error: binary clean, in order, without a relay that could block. */
#include "suite.h"

static unsigned char all_bytes[256 * 64];

static void fill_all_bytes(void)
{
    for (size_t i = 0; i < sizeof all_bytes; i++)
        all_bytes[i] = (unsigned char)(i * 7 + i / 256);
}

static HANDLE open_inherit(const char *path, DWORD access, DWORD disposition)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE file = CreateFileW(w(path), access, 3, &inherit, disposition, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        fail_at(__FILE__, __LINE__, "cannot open %s: error %lu", path, GetLastError());
        ExitProcess(1);
    }
    return file;
}

static void input_pipe(const struct row *row)
{
    struct agent agent = {.run.input = all_bytes, .run.input_length = sizeof all_bytes};
    (void)row;
    fill_all_bytes();
    agent_probe(&agent, "cat");
    agent_go(&agent);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(agent.run.out_bytes == sizeof all_bytes &&
               !memcmp(agent.run.out_text, all_bytes, sizeof all_bytes),
        "%.0f bytes came back of %u, or others", (double)agent.run.out_bytes,
        (unsigned)sizeof all_bytes);
}

static void input_file(const struct row *row)
{
    struct agent agent = {0};
    char *in = f("%s\\in.bin", fx.res), *out = f("%s\\out.bin", fx.res);
    size_t length = 0;
    (void)row;
    fill_all_bytes();
    write_bytes(in, all_bytes, sizeof all_bytes);
    agent.run.in = open_inherit(in, GENERIC_READ, OPEN_EXISTING);
    agent.run.out = open_inherit(out, GENERIC_WRITE, CREATE_ALWAYS);
    agent_probe(&agent, "cat");
    agent_go(&agent);
    CloseHandle(agent.run.in);
    CloseHandle(agent.run.out);
    char *text = read_file(out, &length);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(text && length == sizeof all_bytes && !memcmp(text, all_bytes, length),
        "%u bytes in the file, or others", (unsigned)length);
}

static void input_nul(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_probe(&agent, "count");
    agent_go(&agent);
    EXPECT(agent.run.code == PROBE_SUCCEEDED && strstr(agent.run.out_text, "bytes 0 "), "%s",
        agent_story(&agent));
}

static void error_stream(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_opt(&agent, "--quiet", NULL);
    agent_probe(&agent, "flood|65544|err");
    agent_go(&agent);
    unsigned char *want = malloc(65544);
    stream_fill(want, 65544, 0);
    EXPECT(agent.run.code == 0 && agent.run.out_bytes == 0, "%s", agent_story(&agent));
    /* Our own lines may stand before the child's bytes, none among them or after. */
    EXPECT(agent.run.err_bytes >= 65544 &&
               !memcmp(agent.run.err_text + agent.run.err_bytes - 65544, want, 65544),
        "%.0f bytes on stderr, or others", (double)agent.run.err_bytes);
}

static void order(const struct row *row)
{
    struct agent agent = {0};
    bool good[2] = {true, true};
    (void)row;
    agent_opt(&agent, "--quiet", NULL);
    agent_probe(&agent, "order|4000");
    agent_go(&agent);
    for (int stream = 0; stream < 2; stream++) {
        const char *p = stream ? agent.run.err_text : agent.run.out_text;
        unsigned long want = (unsigned long)stream;
        for (; *p; p++) {
            if (!strncmp(p, "agent: ", 7)) {
                p += strcspn(p, "\n");
                continue;
            }
            char *end = NULL;
            good[stream] = good[stream] && strtoul(p, &end, 10) == want;
            want += 2;
            p = end && *end ? end : p + strcspn(p, "\n");
        }
        EXPECT(good[stream] && want == 4000ul + (unsigned long)stream,
            "stream %d ends before line %lu, or is out of order", stream + 1, want);
    }
}

static uint64_t expected_hash(uint64_t total)
{
    static unsigned char block[65536];
    struct stream_hash hash = {0};
    for (uint64_t at = 0; at < total; at += sizeof block) {
        stream_fill(block, sizeof block, at);
        stream_hash_add(&hash, block, sizeof block);
    }
    return stream_hash_end(&hash);
}

static void big_pipe(const struct row *row)
{
    uint64_t total = (uint64_t)opt.mib << 20;
    struct agent agent = {.run.limit_ms = 120000};
    (void)row;
    agent_probe(&agent, f("flood|%llu", (unsigned long long)total));
    agent_go(&agent);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(agent.run.out_bytes == total && agent.run.out_hash == expected_hash(total),
        "%.0f bytes of %.0f, or others", (double)agent.run.out_bytes, (double)total);
}

static void big_file(const struct row *row)
{
    static unsigned char block[65536];
    uint64_t total = (uint64_t)opt.mib << 20, seen = 0;
    struct agent agent = {.run.limit_ms = 120000};
    struct stream_hash hash = {0};
    char *path = f("%s\\big.bin", fx.res);
    DWORD done = 0;
    (void)row;
    agent.run.out = open_inherit(path, GENERIC_WRITE, CREATE_ALWAYS);
    agent_probe(&agent, f("flood|%llu", (unsigned long long)total));
    agent_go(&agent);
    CloseHandle(agent.run.out);
    HANDLE file = open_inherit(path, GENERIC_READ, OPEN_EXISTING);
    for (; ReadFile(file, block, sizeof block, &done, NULL) && done; seen += done)
        stream_hash_add(&hash, block, done);
    CloseHandle(file);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(seen == total && stream_hash_end(&hash) == expected_hash(total),
        "%.0f bytes of %.0f, or others", (double)seen, (double)total);
}

static void big_input(const struct row *row)
{
    size_t total = 16u << 20;
    unsigned char *bytes = malloc(total);
    struct agent agent = {.run.limit_ms = 120000};
    (void)row;
    stream_fill(bytes, total, 0);
    agent.run.input = bytes;
    agent.run.input_length = total;
    agent_probe(&agent, "count");
    agent_go(&agent);
    EXPECT(strstr(agent.run.out_text, f("bytes %u hash %016llx", (unsigned)total,
                                          (unsigned long long)expected_hash(total))),
        "%s", agent_story(&agent));
}

static void closes_early(const struct row *row)
{
    struct agent agent = {.run.input_length = 1u << 20};
    (void)row;
    agent.run.input = calloc(1, 1u << 20);
    agent_probe(&agent, "close-input|200");
    agent_go(&agent);
    EXPECT(agent.run.code == PROBE_SUCCEEDED, "%s", agent_story(&agent));
}

static void caller_keeps_open(const struct row *row)
{
    struct agent agent = {.run.keep_input_open = true};
    (void)row;
    agent_probe(&agent, "exit|3");
    agent_go(&agent);
    EXPECT(agent.run.code == 3, "%s", agent_story(&agent));
}

static void slow_reader(const struct row *row)
{
    struct agent agent = {.run.slow_reader = 40};
    uint64_t total = 2u << 20;
    (void)row;
    agent_probe(&agent, f("flood|%llu", (unsigned long long)total));
    agent_go(&agent);
    EXPECT(agent.run.code == 0 && agent.run.out_bytes == total &&
               agent.run.out_hash == expected_hash(total),
        "%.0f bytes: %s", (double)agent.run.out_bytes, agent_story(&agent));
}

static void no_reader(const struct row *row)
{
    struct agent agent = {0};
    HANDLE ours = NULL;
    (void)row;
    CreatePipe(&ours, &agent.run.out, NULL, 4096);
    SetHandleInformation(agent.run.out, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    agent_opt(&agent, "--timeout", "2", NULL);
    agent_probe(&agent, "flood|1073741824");
    CHECK(agent_start(&agent), "no start");
    CloseHandle(agent.run.out);
    agent_finish(&agent);
    EXPECT(!agent.run.timed_out, "a reader that never reads stops the agent's own time limit");
    EXPECT(agent.run.code == 124, "wanted 124: %s", agent_story(&agent));
    CloseHandle(ours);
}

static void both_ends(const struct row *row)
{
    size_t total = 4u << 20;
    unsigned char *bytes = malloc(total);
    struct agent agent = {.run.slow_reader = 5};
    (void)row;
    stream_fill(bytes, total, 0);
    agent.run.input = bytes;
    agent.run.input_length = total;
    agent_probe(&agent, "cat");
    agent_go(&agent);
    EXPECT(agent.run.out_bytes == total && agent.run.out_hash == expected_hash(total),
        "%.0f bytes: %s", (double)agent.run.out_bytes, agent_story(&agent));
}

#define RUN NEED_RUN
/* One handle for both, as Python's stderr=STDOUT makes it: the child's bytes and then our own. */
static void one_output_handle(const struct row *row)
{
    struct agent agent = {0};
    char *both = f("%s\\both.txt", fx.res);
    (void)row;
    agent.run.out = agent.run.err = open_inherit(both, GENERIC_WRITE, CREATE_ALWAYS);
    agent_opt(&agent, "--json", NULL);
    agent_probe(&agent, "flood|4096");
    agent_go(&agent);
    CloseHandle(agent.run.out);
    EXPECT(agent.run.code == 0, "%s", agent_story(&agent));
    size_t length = 0;
    unsigned char *want = malloc(4096);
    stream_fill(want, 4096, 0);
    char *text = read_file(both, &length);
    bool found = false;
    for (size_t at = 0; text && !found && at + 4096 <= length; at++)
        found = !memcmp(text + at, want, 4096);
    EXPECT(found, "the command's output is missing in %u bytes", (unsigned)length);
    EXPECT(text && length > 4096 && strstr(text + length - 12, "}"),
        "our own last line did not arrive: %u bytes", (unsigned)length);
}

/* Two files, as a script redirects: each stream ends in its own (they were once mixed up). */
static void two_files(const struct row *row)
{
    struct agent agent = {0};
    char *out = f("%s\\out.txt", fx.res), *error = f("%s\\err.txt", fx.res);
    size_t length = 0;
    (void)row;
    agent.run.out = open_inherit(out, GENERIC_WRITE, CREATE_ALWAYS);
    agent.run.err = open_inherit(error, GENERIC_WRITE, CREATE_ALWAYS);
    agent_opt(&agent, "--quiet", NULL);
    agent_probe(&agent, "flood|4096|out|timed");
    agent_go(&agent);
    CloseHandle(agent.run.out);
    CloseHandle(agent.run.err);
    read_file(out, &length);
    EXPECT(length == 4096, "%u bytes of output", (unsigned)length);
    char *text = read_file(error, &length);
    EXPECT(text && strstr(text, "took ") && length < 1024, "the error file: %u bytes of something",
        (unsigned)length);
}

static const struct row rows[] = {
    {"S01", "streams__input_pipe__binary_clean", RUN, 0, input_pipe, NULL},
    {"S02", "streams__input_and_output_file__binary_clean", RUN, 0, input_file, NULL},
    {"S03", "streams__input_empty__ends_at_once", RUN, 0, input_nul, NULL},
    {"S04", "streams__error__binary_clean_and_apart", RUN, 0, error_stream, NULL},
    {"S05", "streams__two_outputs__each_in_order", RUN, 0, order, NULL},
    {"S06", "streams__big_output_to_pipe__complete", RUN, 240, big_pipe, NULL},
    {"S07", "streams__big_output_to_file__complete", RUN, 240, big_file, NULL},
    {"S08", "streams__big_input__complete", RUN, 240, big_input, NULL},
    {"S09", "streams__child_closes_input_early__ends_well", RUN, 0, closes_early, NULL},
    {"S10", "streams__caller_keeps_input_open__ends_well", RUN, 0, caller_keeps_open, NULL},
    {"S11", "streams__slow_reader__complete", RUN, 120, slow_reader, NULL},
    {"S12", "streams__reader_never_reads__time_limit_holds", RUN, 120, no_reader, NULL},
    {"S13", "streams__in_and_out_at_once__no_deadlock", RUN, 120, both_ends, NULL},
    {"S14", "streams__one_handle_for_both_outputs__both_arrive", RUN, 0, one_output_handle, NULL},
    {"S15", "streams__two_files__each_gets_its_own", RUN, 0, two_files, NULL},
};
const struct row_set rows_streams = {rows, countof(rows)};

/* `agent run` as its callers start it, and its result. */
#include "suite.h"

const char *agent_path(void)
{
    return f("%s\\agent.exe", opt.programs);
}

static void add(const char **list, int *count, va_list words)
{
    for (const char *a = va_arg(words, const char *); a; a = va_arg(words, const char *)) {
        if (*count == RUN_ARGS) {
            fail_at(__FILE__, __LINE__, "too many arguments for the suite");
            ExitProcess(1);
        }
        list[(*count)++] = a;
    }
}

void agent_opt(struct agent *agent, ...)
{
    va_list words;
    va_start(words, agent);
    add(agent->options, &agent->option_count, words);
    va_end(words);
}

void agent_cmd(struct agent *agent, ...)
{
    va_list words;
    va_start(words, agent);
    add(agent->command, &agent->command_count, words);
    va_end(words);
}

void agent_probe(struct agent *agent, const char *words)
{
    struct run split = {0};
    probe_words(&split, words);
    agent_cmd(agent, probe_path(), NULL);
    for (int i = 0; i < split.argc; i++)
        agent_cmd(agent, split.argv[i], NULL);
}

bool agent_start(struct agent *agent)
{
    static int number;
    struct run *run = &agent->run;
    run->image = agent_path();
    run_arg(run, "run");
    if (!agent->bare) {
        if (!agent->no_cwd)
            run_args(run, "--cwd", fx.ws, NULL);
        if (opt.unconfined)
            run_arg(run, "--wine-unconfined");
    }
    if (!agent->bare && !agent->no_result) {
        agent->result_path = f("%s\\result-%d.json", fx.res, ++number);
        run_args(run, "--result", agent->result_path, NULL);
    }
    for (int i = 0; i < agent->option_count; i++)
        run_arg(run, agent->options[i]);
    run_arg(run, "--");
    for (int i = 0; i < agent->command_count; i++)
        run_arg(run, agent->command[i]);
    return run_start(run);
}

void agent_finish(struct agent *agent)
{
    run_finish(&agent->run);
    char *text = agent->result_path ? read_file(agent->result_path, NULL) : NULL;
    if (text)
        agent->result = cJSON_Parse(text);
    if (text && !agent->result)
        fail_at(__FILE__, __LINE__, "the result is not JSON: %.300s", text);
}

bool agent_go(struct agent *agent)
{
    bool ok = agent_start(agent);
    agent_finish(agent);
    EXPECT(ok, "agent.exe did not start: error %lu", agent->run.start_error);
    EXPECT(!agent->run.timed_out, "agent.exe did not end in time: %s", agent_story(agent));
    return ok && !agent->run.timed_out;
}

const char *result_text(const struct agent *agent, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(agent->result, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

double result_number(const struct agent *agent, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(agent->result, key);
    return cJSON_IsNumber(item) ? item->valuedouble : cJSON_IsTrue(item) ? 1 : -1;
}

bool result_has_text(const struct agent *agent, const char *list, const char *part)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(agent->result, list);
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    return text && strstr(text, part);
}

char *agent_story(const struct agent *agent)
{
    const struct run *run = &agent->run;
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(agent->result, "error");
    char *json = error && !cJSON_IsNull(error) ? cJSON_PrintUnformatted(error) : NULL;
    return f("agent ended with %lu (0x%lX)%s; stderr: %.400s; stdout: %.300s%s%.300s", run->code,
        run->code, run->timed_out ? " after a time-out" : "", run->err_text ? run->err_text : "",
        run->out_text ? run->out_text : "", json ? "; error: " : "", json ? json : "");
}

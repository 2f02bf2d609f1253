/*
 * sandbox-setup.exe: the only program of this project that is started as an administrator.
 *
 * It takes a request (from the agent's pipe or the command line), finds out for itself who asks,
 * and does what its table says (table.c), nothing else. All its DLLs come from System32
 * (hardening.h). It does not copy itself before it works: a running image cannot be written, and
 * it loads nothing from its own folder; the step "programs" reads the two programs it installs
 * through handles that nobody can write behind.
 */
#include "arguments.h"
#include "operator.h"
#include "prepare.h"
#include "requester.h"
#include "run.h"
#include "table.h"

#include "shared/win/hardening.h"
#include "shared/win/sid.h"
#include "shared/win/winerr.h"

#include <stdio.h>

#define EXIT_FAILED 125
#define EXIT_BAD_USAGE 2
#define OUTPUT_MAX_BYTES (1024u * 1024u)

/* --- saying ----------------------------------------------------------------------------------- */

static void say_error(const struct sbx_error *error)
{
    struct sbx_buf text;

    sbx_buf_init(&text, OUTPUT_MAX_BYTES);
    if (sbx_winerr_describe(error, &text, NULL) || !text.data)
        fprintf(stderr, "sandbox-setup: %s\n", error->context);
    else
        fprintf(stderr, "sandbox-setup: %s\n", text.data);
    if (error->hint[0])
        fprintf(stderr, "sandbox-setup: %s\n", error->hint);
    sbx_buf_done(&text);
}

static int complain(const struct sbx_error *error)
{
    say_error(error);
    return error->status == SBX_INVALID ? EXIT_BAD_USAGE : EXIT_FAILED;
}

static void print_line(const struct sbx_setup_event *event)
{
    struct sbx_buf line;

    sbx_buf_init(&line, SBX_SETUP_EVENT_MAX_BYTES);
    if (!sbx_setup_event_line(event, &line, NULL))
        fputs(line.data, stdout);
    fflush(stdout);
    sbx_buf_done(&line);
}

static void print_step(void *context, const struct sbx_setup_event *event)
{
    const struct sbx_setup_arguments *arguments = context;

    if (arguments->json)
        print_line(event);
    else
        printf("[%lu/%lu] %s: %s\n", (unsigned long)event->index + 1, (unsigned long)event->count,
            event->name, sbx_setup_step_state_name(event->state));
    fflush(stdout);
}

/* Step, object, what and code, fix: in this order, in one place. */
static void print_result(struct sbx_setup_event *result, bool json)
{
    size_t i;

    if (json) {
        print_line(result);
        return;
    }
    for (i = 0; i < result->notes.count; i++)
        printf("note: %s\n", result->notes.items[i]);
    if (result->ok) {
        printf("%s\n", result->changed ? "done" : "done; nothing was changed");
    } else {
        if (result->object && result->object[0])
            sbx_error_context(&result->error, "%s", result->object);
        if (result->failed_step && result->failed_step[0])
            sbx_error_context(&result->error, "step '%s'", result->failed_step);
        say_error(&result->error);
    }
    fflush(stdout);
}

/* --- the verbs -------------------------------------------------------------------------------- */

static int show_status(void)
{
    struct sbx_error err;
    struct sbx_buf json;
    int code = 0;

    sbx_error_init(&err);
    sbx_buf_init(&json, OUTPUT_MAX_BYTES);
    if (sbx_setup_status(&json, &err))
        code = complain(&err);
    else
        fputs(json.data, stdout);
    sbx_buf_done(&json);
    return code;
}

static int show_steps(void)
{
    size_t i;

    for (i = 0; i < sbx_setup_step_count; i++) {
        const struct sbx_step *step = sbx_setup_steps[i];

        printf("%zu. %s%s%s\n   %s\n", i + 1, step->name,
            step->flags & SBX_STEP_BOUNDARY ? " (boundary)" : "",
            step->flags & SBX_STEP_GATE ? " (gate)" : "", step->why_safe);
    }
    return 0;
}

/* Who runs this is the operator of an install; SYSTEM and services are nobody's operators. */
static enum sbx_status find_operator(
    const struct sbx_setup_arguments *arguments, struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_status status = sbx_sid_of_current_user(&setup->asker, err);

    if (status)
        return status;
    setup->operator_sid = setup->asker;
    if (arguments->operator) {
        setup->verb = "provision";
        status = sbx_setup_find_operator(arguments->operator, & setup->operator_sid, err);
    }
    setup->has_operator = !status;
    return status;
}

/* --- one run ---------------------------------------------------------------------------------- */

static int run_direct(struct sbx_setup_arguments *arguments)
{
    struct sbx_setup_event result = {0};
    struct sbx_setup setup = {0};
    struct sbx_error err;
    int code = EXIT_FAILED;

    sbx_error_init(&err);
    setup.request = arguments->request;
    memset(&arguments->request, 0, sizeof(arguments->request));
    setup.sink = print_step;
    setup.sink_context = arguments;
    if (find_operator(arguments, &setup, &err)) {
        code = complain(&err);
    } else {
        sbx_setup_run(&setup, &result);
        print_result(&result, arguments->json);
        code = result.ok ? 0 : EXIT_FAILED;
    }
    sbx_setup_event_done(&result);
    sbx_setup_done(&setup);
    return code;
}

static void send_step(void *context, const struct sbx_setup_event *event)
{
    sbx_requester_send(context, event);
}

static int run_pipe(const char *name)
{
    struct sbx_requester requester;
    struct sbx_setup_event result = {0};
    struct sbx_setup setup = {0};

    sbx_error_init(&result.error);
    if (sbx_requester_open(name, &requester, &setup.request, &result.error)) {
        result.kind = SBX_SETUP_EVENT_RESULT;
        say_error(&result.error);
    } else {
        setup.operator_sid = requester.user;
        setup.asker = requester.user;
        setup.from_agent = true;
        setup.has_operator = true;
        setup.sink = send_step;
        setup.sink_context = &requester;
        sbx_setup_run(&setup, &result);
    }
    sbx_requester_send(&requester, &result);
    sbx_requester_close(&requester);
    sbx_setup_done(&setup);
    sbx_setup_event_done(&result);
    return result.ok ? 0 : EXIT_FAILED;
}

static int dispatch(struct sbx_setup_arguments *arguments)
{
    switch (arguments->verb) {
    case SBX_SETUP_VERB_RUN:
        return run_direct(arguments);
    case SBX_SETUP_VERB_PIPE:
        return run_pipe(arguments->pipe);
    case SBX_SETUP_VERB_STATUS:
        return show_status();
    case SBX_SETUP_VERB_STEPS:
        return show_steps();
    case SBX_SETUP_VERB_VERSION:
        return fputs("sandbox-setup " SBX_VERSION "\n", stdout) < 0;
    default:
        return fputs(sbx_setup_help, stdout) < 0;
    }
}

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    struct sbx_setup_arguments arguments = {0};
    struct sbx_error err;
    char **argv = NULL;
    int code;

    sbx_hardening_apply();
    sbx_error_init(&err);
    if (sbx_hardening_args(argc, argv_w, &argv, &err))
        return complain(&err);
    if (sbx_setup_arguments_parse(
            (const char *const *)argv + 1, argc > 0 ? (size_t)argc - 1 : 0, &arguments, &err)) {
        say_error(&err);
        code = EXIT_BAD_USAGE;
    } else {
        code = dispatch(&arguments);
    }
    sbx_setup_request_done(&arguments.request);
    sbx_hardening_free_args(argc, argv);
    return code;
}

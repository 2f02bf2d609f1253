/*
 * Checks of `agent verify`: rows whose words begin with '@'. Where a probe is one command outside
 * and the same inside, a check takes several steps - runs with other options, the user's own hand
 * between them, a look at what a run left behind - and says what it saw in the same terms, so that
 * one judge (shared/core/verify.h) decides about both:
 *
 *   ping    the harmless part: what the row forbids nobody, which must work
 *   twin    the attack where nothing stops it: outside, or allowed; it must work
 *   inside  the attack where it must be stopped
 *
 * A check that could not look leaves SBX_VERIFY_NONE, which is never held.
 */
#ifndef SBX_AGENT_VERIFYCHECK_H
#define SBX_AGENT_VERIFYCHECK_H

#include "verify.h"
#include "shared/win/acl.h"

/* What a check works with. All borrowed. */
struct sbx_verify_check {
    struct sbx_verify_run *run;
    struct sbx_verify_result *result; /* seen, and error: why it could not be told */
    struct sbx_verify_report *report;
};

/**
 * One check. The fixtures are made again after it, whatever it did to them. Other lanes try other
 * rows meanwhile, with other fixtures: a check that changes this process or what the user has only
 * one of belongs into `lone_rows` of verifylanes.c.
 * @return a failure means that it could not look: the row cannot tell
 */
typedef enum sbx_status (*sbx_verify_check_fn)(
    const struct sbx_verify_check *check, struct sbx_error *err);

/* How a run of a check's ended. */
struct sbx_verify_ran {
    uint32_t exit_code;
    bool began;          /* the command itself was started */
    bool confined;       /* as the result says; of a command that began */
    char error[256];     /* of a run that did not begin, "" */
    struct sbx_buf out;  /* standard output; data ends with a 0 */
    struct sbx_buf json; /* the result, or the plan of a dry run; data ends with a 0 */
};

/**
 * `agent run` with the mode and recipe of this verify, in the inner fixture.
 * @param options more options, '|' between, places in braces; NULL: none
 * @param program program and arguments in the same form
 * @param ret_ran initialised here; released with sbx_verify_ran_done, also on failure
 * @return a failure means that nothing was tried
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_run_words(const struct sbx_verify_check *check,
    const char *options, const char *program, struct sbx_verify_ran *ret_ran,
    struct sbx_error *err);
void sbx_verify_ran_done(struct sbx_verify_ran *ran);

/**
 * An agent.exe of its own with the same vector, in a console of its own.
 * @param ret_agent released with sbx_process_close; the caller ends it or waits for it
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_start_agent(const struct sbx_verify_check *check,
    const char *program, struct sbx_process *ret_agent, struct sbx_error *err);

/** What the probe said: its outcome when the command began, NONE when it did not. */
enum sbx_verify_outcome sbx_verify_ran_outcome(const struct sbx_verify_ran *ran);

/**
 * The row's answer comes from this run: sets inside_ran, confined, ping (what the probe said first)
 * and error of a run that did not begin; inside is the caller's.
 */
void sbx_verify_take_run(const struct sbx_verify_check *check, const struct sbx_verify_ran *ran);

/**
 * The probe's words inside, after a ping in the root: sets inside_ran, confined, ping, inside, and
 * error of a run that did not begin. @param options as above
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_attack(const struct sbx_verify_check *check,
    const char *options, const char *words, struct sbx_error *err);

/**
 * The probe as the user's own program.
 * @param std_out borrowed; NULL: the NUL device
 */
SBX_MUST_CHECK enum sbx_status sbx_verify_run_outside(const struct sbx_verify_check *check,
    const char *const *argv, size_t argc, HANDLE std_out, enum sbx_verify_outcome *ret_outcome,
    struct sbx_error *err);

/** The probe's words as the user in the inner fixture. @return a failure when it did not succeed */
SBX_MUST_CHECK enum sbx_status sbx_verify_must(
    const struct sbx_verify_check *check, const char *words, struct sbx_error *err);

/** Whether something has that name; true also when it cannot be asked. */
bool sbx_verify_is_there(const struct sbx_verify_check *check, const char *place);

/** A file of the inner fixture, with this content. @param place "{ws}\\name" */
SBX_MUST_CHECK enum sbx_status sbx_verify_put_file(const struct sbx_verify_check *check,
    const char *place, const char *content, struct sbx_error *err);

/** The probe program, at a place of the inner fixture. */
SBX_MUST_CHECK enum sbx_status sbx_verify_copy_probe(
    const struct sbx_verify_check *check, const char *place, struct sbx_error *err);

/** The path that a place names in the inner fixture. @param ret_path owned */
SBX_MUST_CHECK enum sbx_status sbx_verify_path(const struct sbx_verify_check *check,
    const char *place, char **ret_path, struct sbx_error *err);

/** The descriptor of a file or folder, links themselves. @param place as above */
SBX_MUST_CHECK enum sbx_status sbx_verify_descriptor(const struct sbx_verify_check *check,
    const char *place, struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/** Try a row whose words begin with '@'. As sbx_verify_try, without the judging. */
SBX_MUST_CHECK enum sbx_status sbx_verify_check_row(
    const struct sbx_verify_check *check, struct sbx_error *err);

#endif

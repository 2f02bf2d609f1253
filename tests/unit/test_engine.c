/* The engine of set-up on a machine made of numbers: runs in which nothing, or one thing, is odd.
 */
#include "tests/support/enginemodel.h"
#include "tests/support/unit.h"

START_TEST(build__on_an_empty_machine__makes_everything)
{
    struct sbx_engine_outcome outcome;

    ck_assert_sbx_ok(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), &em_err);
    ck_assert(em_complete());
    ck_assert(outcome.changed && !outcome.failed_step);
    ck_assert_uint_eq(em_w.told[SBX_STEP_EVENT_DONE], EM_STEPS);
    ck_assert(!em_w.unsafe);
}
END_TEST

START_TEST(build__a_second_time__writes_nothing)
{
    struct sbx_engine_outcome outcome;
    struct em_machine before;

    em_installed_machine();
    before = em_w.m;
    ck_assert_sbx_ok(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), &em_err);
    ck_assert(!outcome.changed);
    ck_assert_uint_eq(em_w.told[SBX_STEP_EVENT_SKIPPED], EM_STEPS);
    ck_assert_mem_eq(&em_w.m, &before, sizeof(before));
}
END_TEST

START_TEST(build__second_operator__leaves_the_gate_alone)
{
    struct sbx_engine_outcome outcome;

    em_installed_machine();
    em_want(EM_OURS_TWO);
    ck_assert_sbx_ok(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), &em_err);
    ck_assert(em_complete());
    ck_assert_uint_eq(em_w.told[SBX_STEP_EVENT_UNDONE], 0);
    ck_assert_uint_eq(em_w.told[SBX_STEP_EVENT_DONE], 2);
}
END_TEST

START_TEST(build__boundary_damaged__closes_the_gate_first)
{
    struct sbx_engine_outcome outcome;

    em_installed_machine();
    em_w.m.object[EM_FENCE][1] = EM_NONE;
    ck_assert_sbx_ok(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), &em_err);
    ck_assert(em_complete());
    ck_assert(!em_w.unsafe);
    ck_assert_uint_eq(em_w.told[SBX_STEP_EVENT_UNDONE], 1);
}
END_TEST

static enum sbx_status no_proof(void *context, struct sbx_error *error)
{
    (void)context;
    return sbx_fail(error, SBX_UNPROVEN, "a packet went through");
}

START_TEST(build__proof_fails_on_an_old_installation__closes_the_gate)
{
    struct sbx_engine_outcome outcome;

    em_installed_machine();
    em_w.m.object[EM_PROOF][0] = EM_NONE; /* a new build of Windows: prove again */
    em_steps[EM_PROOF].apply = no_proof;
    ck_assert_int_eq(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert_str_eq(outcome.failed_step, "proof");
    ck_assert(!em_gate_open());
    ck_assert(!outcome.undo_failed);
    ck_assert_uint_eq(em_w.m.object[EM_FENCE][0], EM_OURS);
}
END_TEST

START_TEST(build__proof_fails_on_a_new_installation__leaves_nothing)
{
    struct sbx_engine_outcome outcome;
    struct em_machine before = em_w.m;

    em_steps[EM_PROOF].apply = no_proof;
    ck_assert_int_eq(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert(em_empty(&before));
}
END_TEST

static enum sbx_status lie(void *context, struct sbx_error *error)
{
    (void)context;
    (void)error;
    return SBX_OK;
}

START_TEST(build__apply_lies__is_found_by_verify)
{
    struct sbx_engine_outcome outcome;
    struct em_machine before = em_w.m;

    em_steps[EM_FENCE].apply = lie;
    ck_assert_int_eq(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert_str_eq(outcome.failed_step, "fence");
    ck_assert(em_empty(&before));
}
END_TEST

START_TEST(remove__undo_lies__is_found_by_examine)
{
    struct sbx_engine_outcome outcome;

    em_installed_machine();
    em_steps[EM_FENCE].undo = lie;
    ck_assert_int_eq(em_run(EM_REMOVE, EM_NO_HARM, 0, &outcome), SBX_UNPROVEN);
    ck_assert_str_eq(outcome.failed_step, "fence");
    ck_assert_uint_eq(em_w.m.object[EM_SECRETS][0], EM_OURS); /* nothing before it was touched */
    ck_assert(!em_gate_open());
}
END_TEST

START_TEST(build__something_foreign__changes_nothing)
{
    struct sbx_engine_outcome outcome;
    unsigned s;
    unsigned k;

    for (s = 0; s < EM_STEPS; s++) {
        for (k = 0; k < em_step_objects[s]; k++) {
            struct em_machine before;

            em_new_machine();
            em_w.m.object[s][k] = EM_THEIRS;
            before = em_w.m;
            ck_assert_int_eq(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), SBX_EXISTS);
            ck_assert_str_eq(outcome.failed_step, em_step_names[s]);
            ck_assert_mem_eq(&em_w.m, &before, sizeof(before));
        }
    }
}
END_TEST

/* A name of ours that the journal does not know is not adopted, whatever it looks like. */
START_TEST(build__unknown_to_the_journal__is_foreign)
{
    struct sbx_engine_outcome outcome;

    em_w.m.object[EM_ACCOUNTS][0] = EM_OURS;
    ck_assert_int_eq(em_run(EM_BUILD, EM_NO_HARM, 0, &outcome), SBX_EXISTS);
    ck_assert_str_eq(outcome.failed_step, "accounts");
    ck_assert_uint_eq(em_w.m.journal_bytes, 0);
}
END_TEST

START_TEST(examine__any_machine__changes_nothing)
{
    enum sbx_step_state states[EM_STEPS];
    struct sbx_engine_outcome outcome;

    em_installed_machine();
    em_w.m.object[EM_FENCE][1] = EM_BROKEN;
    em_w.m.object[EM_HIDDEN][0] = EM_NONE;
    em_read_journal();
    em_w.at = SIZE_MAX;
    ck_assert_sbx_ok(sbx_engine_examine(&em_engine, states, &outcome, &em_err), &em_err);
    sbx_journal_records_done(&em_w.records);
    ck_assert_int_eq(states[EM_FENCE], SBX_STEP_DIFFERENT);
    ck_assert_int_eq(states[EM_HIDDEN], SBX_STEP_ABSENT);
    ck_assert_int_eq(states[0], SBX_STEP_PRESENT);
    ck_assert(!outcome.changed);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, em_setup, NULL);
    tcase_add_test(tcase, build__on_an_empty_machine__makes_everything);
    tcase_add_test(tcase, build__a_second_time__writes_nothing);
    tcase_add_test(tcase, build__second_operator__leaves_the_gate_alone);
    tcase_add_test(tcase, build__boundary_damaged__closes_the_gate_first);
    tcase_add_test(tcase, build__proof_fails_on_an_old_installation__closes_the_gate);
    tcase_add_test(tcase, build__proof_fails_on_a_new_installation__leaves_nothing);
    tcase_add_test(tcase, build__apply_lies__is_found_by_verify);
    tcase_add_test(tcase, remove__undo_lies__is_found_by_examine);
    tcase_add_test(tcase, build__something_foreign__changes_nothing);
    tcase_add_test(tcase, build__unknown_to_the_journal__is_foreign);
    tcase_add_test(tcase, examine__any_machine__changes_nothing);
}

UNIT_MAIN("engine", add_tests)

/*
 * Questions to a person that are on their way through a protocol: who waits for which answer.
 */
#ifndef SBX_AGENT_QUESTION_H
#define SBX_AGENT_QUESTION_H

#include "approve.h"

struct sbx_question {
    struct sbx_question *next;
    uint64_t number;
    HANDLE answered;
    struct sbx_approval_answer answer;
    bool refused; /* the other side cannot ask */
};

struct sbx_questions {
    CRITICAL_SECTION lock;
    struct sbx_question *first; /* guarded by lock */
};

void sbx_questions_init(struct sbx_questions *questions);
void sbx_questions_done(struct sbx_questions *questions);

/** Before the question is sent. @param question storage of the caller, until sbx_question_wait */
SBX_MUST_CHECK enum sbx_status sbx_question_begin(struct sbx_questions *questions, uint64_t number,
    struct sbx_question *question, struct sbx_error *err);

/**
 * Wait for the answer, the end of the session (`over`) or the cancellation of the command.
 * @return SBX_TIMEOUT, SBX_CANCELLED, SBX_UNSUPPORTED: see sbx_ask_fn
 */
SBX_MUST_CHECK enum sbx_status sbx_question_wait(struct sbx_questions *questions,
    struct sbx_question *question, HANDLE over, HANDLE cancelled, uint32_t timeout_ms,
    struct sbx_approval_answer *ret_answer, struct sbx_error *err);

/** Give an answer. @param answer NULL: it cannot be asked. @return false: nobody waits for it */
bool sbx_question_answer(
    struct sbx_questions *questions, uint64_t number, const struct sbx_approval_answer *answer);

#endif

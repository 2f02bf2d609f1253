/* See question.h. */
#include "question.h"

#include "shared/win/handle.h"

void sbx_questions_init(struct sbx_questions *questions)
{
    memset(questions, 0, sizeof(*questions));
    InitializeCriticalSection(&questions->lock);
}

void sbx_questions_done(struct sbx_questions *questions)
{
    DeleteCriticalSection(&questions->lock);
}

enum sbx_status sbx_question_begin(struct sbx_questions *questions, uint64_t number,
    struct sbx_question *question, struct sbx_error *err)
{
    DWORD code;

    memset(question, 0, sizeof(*question));
    question->number = number;
    question->answered = CreateEventW(NULL, TRUE, FALSE, NULL);
    code = GetLastError();
    if (!question->answered)
        return sbx_fail_win32(err, code, "event of a question");
    EnterCriticalSection(&questions->lock);
    question->next = questions->first;
    questions->first = question;
    LeaveCriticalSection(&questions->lock);
    return SBX_OK;
}

static void leave(struct sbx_questions *questions, struct sbx_question *question)
{
    struct sbx_question **at;

    EnterCriticalSection(&questions->lock);
    for (at = &questions->first; *at && *at != question; at = &(*at)->next)
        ;
    if (*at)
        *at = question->next;
    LeaveCriticalSection(&questions->lock);
    sbx_handle_close(&question->answered);
}

enum sbx_status sbx_question_wait(struct sbx_questions *questions, struct sbx_question *question,
    HANDLE over, HANDLE cancelled, uint32_t timeout_ms, struct sbx_approval_answer *ret_answer,
    struct sbx_error *err)
{
    HANDLE handles[] = {question->answered, cancelled, over};
    DWORD which = WaitForMultipleObjects(countof(handles), handles, FALSE, timeout_ms);

    leave(questions, question); /* from here on nobody else writes to it */
    if (which == WAIT_OBJECT_0 && question->refused)
        return sbx_fail(err, SBX_UNSUPPORTED, "the other side cannot ask");
    if (which == WAIT_OBJECT_0) {
        *ret_answer = question->answer;
        return SBX_OK;
    }
    if (which == WAIT_TIMEOUT)
        return sbx_fail(err, SBX_TIMEOUT, "no answer within %u s", (unsigned)timeout_ms / 1000);
    return sbx_fail(err, SBX_CANCELLED, "cancelled while a person was asked");
}

bool sbx_question_answer(
    struct sbx_questions *questions, uint64_t number, const struct sbx_approval_answer *answer)
{
    struct sbx_question *question;

    EnterCriticalSection(&questions->lock);
    for (question = questions->first; question && question->number != number;
         question = question->next)
        ;
    if (question && WaitForSingleObject(question->answered, 0) == WAIT_TIMEOUT) {
        question->refused = !answer;
        if (answer)
            question->answer = *answer;
        SetEvent(question->answered);
    } else {
        question = NULL; /* the first answer counts */
    }
    LeaveCriticalSection(&questions->lock);
    return question != NULL;
}

/*
 * Arrays that grow by one: the caller has the pointer and the count, the capacity follows from the
 * count, so there is no third thing to keep in step.
 */
#ifndef SBX_LIST_H
#define SBX_LIST_H

#include "buf.h"

/**
 * Make room for one more item at the end, zeroed. Does not change the count.
 * @param items address of the array's pointer, NULL in an empty list; the array may move. It must
 *        have been grown by this function only
 * @return SBX_OOM; the list is as it was
 */
SBX_MUST_CHECK enum sbx_status sbx_list_grow(
    void *items, size_t count, size_t item_bytes, struct sbx_error *err);

#endif

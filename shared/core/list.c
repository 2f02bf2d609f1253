/* See list.h. */
#include "list.h"

enum sbx_status sbx_list_grow(void *items, size_t count, size_t item_bytes, struct sbx_error *err)
{
    void *larger = NULL;
    void *old = NULL;
    enum sbx_status status = SBX_OK;

    memcpy(&old, items, sizeof(old));
    if (count & (count - 1)) /* room for the next power of two */
        return SBX_OK;
    if (count > SIZE_MAX / 2)
        return sbx_fail_oom(err);
    status = sbx_calloc(count ? 2 * count : 1, item_bytes, &larger, err);
    if (status)
        return status;
    if (count)
        memcpy(larger, old, count * item_bytes);
    free(old);
    memcpy(items, &larger, sizeof(larger));
    return SBX_OK;
}

/* See accessrow.h. */
#include "accessrow.h"

#include "unit.h"

void access_row_check(const struct access_row *row)
{
    struct sbx_descriptor descriptor, parent;
    struct sd_token token;
    struct sbx_access_request request;
    struct sbx_access_result result;
    const struct sbx_access_step *by = NULL;
    struct sbx_buf why;

    memset(&parent, 0, sizeof(parent));
    sd_parse(row->descriptor, &descriptor);
    sd_token(&token, row->user, row->groups, row->restricting, row->flags);
    sd_request(&request, row->desired, row->flags);
    if (row->parent) {
        sd_parse(row->parent, &parent);
        request.parent = &parent;
    }
    sbx_buf_init(&why, 1024);
    sbx_access_check(&descriptor, &token.token, &request, &result);
    by = sbx_access_deciding(&result);
    ck_assert_msg(by != NULL, "%s: no deciding step", row->name);
    ck_assert_int_eq(sbx_access_step_format(by, &why, NULL), SBX_OK);
    sbx_descriptor_done(&descriptor);
    sbx_descriptor_done(&parent);

    ck_assert_msg(result.granted_mask == row->mask && result.granted == (row->mask != 0),
        "%s: got 0x%08X, not 0x%08X", row->name, (unsigned)result.granted_mask,
        (unsigned)row->mask);
    ck_assert_msg(strcmp(why.data, row->why) == 0, "%s: why is '%s', not '%s'", row->name, why.data,
        row->why);
    ck_assert_msg(result.granted || result.missing_mask != 0 || (row->desired & MAX),
        "%s: denied, but nothing is missing", row->name);
    ck_assert_int_eq(by->granted, result.granted);
    sbx_buf_done(&why);
}

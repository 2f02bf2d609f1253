/* See calibrateparts.h. */
#include "calibrateparts.h"

#include "shared/core/jsonwrite.h"

enum sbx_status sbx_calibrate_json(
    const struct sbx_calibrate *all, struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer writer, *w = &writer;
    enum sbx_token_choice recipe = sbx_calibration_recipe(&all->entry);
    size_t i;

    sbx_json_writer_begin(w, json, false);
    sbx_json_begin_object(w);
    sbx_json_key_string(w, "agent", SBX_VERSION);
    sbx_json_key_string(w, "platform", all->entry.os_build);
    sbx_json_key_string(w, "mode", sbx_mode_name(all->entry.mode));
    sbx_json_key_string(w, "recipe", recipe ? sbx_token_choice_name(recipe) : NULL);
    sbx_json_key_array(w, "rows");
    for (i = 0; i < all->count; i++) {
        const struct sbx_calibrate_result *result = &all->results[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "recipe", sbx_token_choice_name(result->recipe));
        sbx_json_key_string(w, "id", result->id);
        sbx_json_key_string(w, "outcome",
            result->skipped  ? "skipped"
            : result->passed ? "passed"
                             : "failed");
        sbx_json_key_string(w, "why", result->why[0] ? result->why : NULL);
        sbx_json_key_uint64(w, "tookUs", result->took_us);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_end_object(w);
    return sbx_json_writer_end(w, err);
}

enum sbx_status sbx_calibrate_text(
    const struct sbx_calibrate *all, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_token_choice recipe = sbx_calibration_recipe(&all->entry);
    enum sbx_status status = sbx_buf_printf(text, err, "calibration on %s, mode %s\n\n",
        all->entry.os_build, sbx_mode_name(all->entry.mode));
    size_t i;

    for (i = 0; !status && i < all->count; i++) {
        const struct sbx_calibrate_result *result = &all->results[i];

        status = sbx_buf_printf(text, err, "%-9s %-16s %s%s%s\n",
            sbx_token_choice_name(result->recipe), result->id,
            result->skipped  ? "skipped"
            : result->passed ? "passed"
                             : "FAILED",
            result->why[0] ? ": " : "", result->why);
    }
    if (status)
        return status;
    return recipe ? sbx_buf_printf(
                        text, err, "\nrecipe of token auto: %s\n", sbx_token_choice_name(recipe))
                  : sbx_buf_printf(text, err, "\nno recipe passed: token auto stays %s\n",
                        sbx_token_choice_name(SBX_TOKEN_STANDARD));
}

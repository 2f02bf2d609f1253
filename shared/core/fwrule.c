/*
 * See fwrule.h.
 *
 * Compared with Microsoft's documentation (INetFwRule, INetFwRule2, INetFwRule3) and with two
 * shipped products: CX = openai/codex, windows-sandbox-rs/src/setup_provisioning/firewall.rs
 * (d39cfa8a); SRT = srt-win of anthropic-experimental/sandbox-runtime, which has no firewall rules.
 *
 * Name            the key of Item and Remove; no "|", not "all" (INetFwRule::put_Name).
 * Grouping        plain text, so that the rules stand together and are recognised. CX: none.
 * Direction       out and in. CX: out; in since d39cfa8a.
 * Protocol        NET_FW_IP_PROTOCOL_ANY (256), hence no ports, which exist for TCP and UDP only.
 *                 CX: any, and two more rules that close loopback; ours leave loopback to WFP,
 * since a block here would also stop what is permitted there. RemoteAddresses out: all but
 * 127.0.0.0/8 and ::1, as ranges without spaces. in: "*", the default. CX: the same ranges in both
 * directions. LocalUserAuthorizedList  SDDL, allow CC for each offline account. Documented "for an
 * app container", in use for users by the firewall's own editor and by CX: therefore read back, and
 * never the boundary. Profiles        NET_FW_PROFILE2_ALL. Action NET_FW_ACTION_BLOCK: a block
 * beats an allow rule. Enabled VARIANT_TRUE. CX: the same. Left at default ApplicationName,
 * ServiceName, Interfaces, EdgeTraversal.
 */
#include "fwrule.h"

#define ALL_BUT_LOOPBACK                                                                           \
    "0.0.0.0-126.255.255.255,128.0.0.0-255.255.255.255,"                                           \
    "::,::2-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

const struct sbx_fwrule sbx_fwrules[] = {
    {"Agent Sandbox: offline accounts, outbound",
        "Second line behind the Agent Sandbox WFP filters. Made by sandbox-setup.", SBX_FWRULE_OUT,
        ALL_BUT_LOOPBACK},
    {"Agent Sandbox: offline accounts, inbound",
        "Second line behind the Agent Sandbox WFP filters. Made by sandbox-setup.", SBX_FWRULE_IN,
        "*"},
};
const size_t sbx_fwrule_count = countof(sbx_fwrules);

enum sbx_status sbx_fwrule_users(
    const struct sbx_sid *accounts, size_t count, struct sbx_buf *ret_sddl, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_puts(ret_sddl, "O:LSD:", err);
    char text[SBX_SID_TEXT_SIZE];
    size_t i;

    for (i = 0; !status && i < count; i++) {
        sbx_sid_format(&accounts[i], text);
        status = sbx_buf_printf(ret_sddl, err, "(A;;CC;;;%s)", text);
    }
    return status;
}

bool sbx_fwrule_same_users(const struct sbx_sid *accounts, size_t count, const char *got_sddl)
{
    const char *at = strstr(got_sddl, "D:");
    size_t found = 0, i;
    struct sbx_sid sid;

    if (!at)
        return false;
    at += 2;
    while (*at == '(') {
        static const char allow[] = "(A;;CC;;;";
        char text[SBX_SID_TEXT_SIZE];
        size_t length;

        if (strncmp(at, allow, sizeof(allow) - 1) != 0)
            return false;
        at += sizeof(allow) - 1;
        length = strcspn(at, ")");
        if (length >= sizeof(text) || at[length] != ')')
            return false;
        memcpy(text, at, length);
        text[length] = '\0';
        at += length + 1;
        if (sbx_sid_parse(text, &sid, NULL))
            return false;
        for (i = 0; i < count && !sbx_sid_equal(&accounts[i], &sid); i++) {
        }
        if (i == count)
            return false;
        found++;
    }
    return *at == '\0' && found == count;
}

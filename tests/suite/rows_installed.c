/* What agent.exe makes of an installation by sandbox-setup.exe: which account, and no network. */
#include <winsock2.h>
#include "suite.h"

/* The fixture lies in the user's profile; the programs the accounts run do not. */
static void go(struct agent *agent, const char *network, const char *verb, const char *word)
{
    agent_opt(agent, "--network", network, NULL);
    agent_cmd(agent, tool("hopchild.exe"), verb, word, NULL);
    agent->run.limit_ms = 60000;
    agent_go(agent);
}

static void account_chosen(const struct row *row)
{
    bool offline = !strcmp(row->data, "none");
    const char *account = offline ? SUITE_OFFLINE : SUITE_ONLINE;
    struct agent agent = {0};
    go(&agent, row->data, "who", NULL);
    CHECK(agent.run.code == 0, "%s", agent_story(&agent));
    EXPECT(line_begins(agent.run.out_text, f("user %s", name_sid(account, NULL))), "%s",
        agent_story(&agent));
    EXPECT(line_begins(agent.run.out_text, "restricted 1"), "%s", agent_story(&agent));
    EXPECT(
        !strcmp(result_text(&agent, "mode"), "elevated"), "mode %s", result_text(&agent, "mode"));
    EXPECT(!strcmp(result_text(&agent, "account"), account), "account %s",
        result_text(&agent, "account"));
    EXPECT(result_number(&agent, "confined") > 0, "not confined: %s", agent_story(&agent));
}

static void unelevated_refused(const struct row *row)
{
    struct agent agent = {0};
    (void)row;
    agent_opt(&agent, "--mode", "unelevated", NULL);
    agent_cmd(&agent, tool("hopchild.exe"), "who", NULL);
    agent_go(&agent);
    EXPECT(agent.run.code == 126 && !line_begins(agent.run.out_text, "user "), "%s",
        agent_story(&agent));
}

/* A listener of the suite's on loopback; a pending connection is all that is needed. */
static SOCKET listener(unsigned short *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int size = sizeof address;
    WSADATA data;
    if (WSAStartup(MAKEWORD(2, 2), &data))
        return INVALID_SOCKET;
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s == INVALID_SOCKET || bind(s, (struct sockaddr *)&address, size) || listen(s, 5) ||
        getsockname(s, (struct sockaddr *)&address, &size))
        return INVALID_SOCKET;
    *ret_port = ntohs(address.sin_port);
    return s;
}

static void no_network(const struct row *row)
{
    struct agent agent = {0};
    unsigned short port = 0;
    SOCKET s = listener(&port);
    (void)row;
    CHECK(s != INVALID_SOCKET, "no listener");
    struct run *twin = call(tool("hopchild.exe"), "connect", f("%u", port), NULL);
    CHECK(line_begins(twin->out_text, "connected"), "the twin: %s", story(twin));
    go(&agent, "none", "connect", f("%u", port));
    closesocket(s);
    EXPECT(agent.run.code == 0 && (line_begins(agent.run.out_text, "refused ") ||
                                      line_begins(agent.run.out_text, "no socket")),
        "%s", agent_story(&agent));
}

static void status(const struct row *row)
{
    struct run *run = call(agent_path(), "status", "--json", NULL);
    (void)row;
    EXPECT(run->code == 0, "%s", story(run));
    EXPECT(strstr(run->out_text, "\"mode\":\"elevated\"") != NULL, "%s", story(run));
    EXPECT(strstr(run->out_text, "\"fenceProved\":true") != NULL, "%s", story(run));
}

#define INSTALLED (NEED_ELEVATED | NEED_HELD | NEED(FACT_PRODUCT) | NEED(FACT_SECLOGON))

static const struct row rows[] = {
    {"U40", "installed__network_none__offline_account", INSTALLED, 90, account_chosen, "none"},
    {"U41", "installed__network_full__online_account", INSTALLED, 90, account_chosen, "full"},
    {"U42", "installed__unelevated__refused_to_an_operator", INSTALLED, 90, unelevated_refused,
        NULL},
    {"U43", "installed__offline__does_not_connect", INSTALLED, 90, no_network, NULL},
    {"U44", "installed__status__says_so", INSTALLED, 90, status, NULL},
};
const struct row_set rows_installed = {rows, countof(rows)};

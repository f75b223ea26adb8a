/* fuzz_session.c - a client that speaks, or does not speak, SMTP */
#include "fuzz_talk.h"

const char fuzz_yaml[] =
    "hostname: mx.example.org\n"
    "certificates: [{name: mx}]\n"
    "address_lists: [{name: secure, entries: ['@c.test']}]\n"
    "interfaces: [{name: Net, ip: 192.0.2.10}]\n"
    "auth_profiles: [{name: House}]\n"
    "listeners:\n"
    "- {name: A, type: public, interface: Net, bare_newline: reject,\n"
    "   rat: [example.org], hat: {defaults: {max_message_size: 1K}}}\n"
    "- {name: B, type: public, interface: Net, port: 26,\n"
    "   bare_newline: clean, rat: [example.org],\n"
    "   auth_profile: House,\n"
    "   hat: {defaults: {envelope_sender_verify: yes,\n"
    "                    smtp_auth: on, auth_require_tls: no}}}\n"
    "- {name: C, type: sinkhole-noqueue, interface: Net, port: 27,\n"
    "   certificate: mx, hat: {defaults: {tls: required}}}\n"
    "- {name: D, type: private, interface: Net, port: 28,\n"
    "   certificate: mx, hat: {defaults: {tls: preferred,\n"
    "   tls_mandatory_list: secure}},\n"
    "   xclient: [192.0.2.1]}\n";

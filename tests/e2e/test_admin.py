"""The commands as scripts use them, and the socket that they talk to."""
import array
import contextlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time

import pytest

from conftest import CONFIG
from suite import BIN, ROOT_USER, TOP, wait_for

# --- commands ----------------------------------------------------------------

# words, exit status, what must be in the output
TEXT = [
    ("certconfig", 0, "There are no certificates.\n"),
    ("certconfig print mx", 1, "Certificate mx: "),
    ("certconfig new mx", 2, "Usage: certconfig"),
    ("certconfig request mx", 2, "for which host names?"),
    ("antispamconfig print", 0, "engine=off\n"),
    ("diagnostic", 2, "Usage: diagnostic "),
    ("diagnostic services status", 0, "lookupd "),
    ("diagnostic services smtpd status", 0, "smtpd "),
    ("diagnostic disk_usage", 0, "Service "),
    ("diagnostic reload", 2, "Usage: diagnostic "),
    ("diagnostic network tcpdump count=0", 2, "count is a number"),
    ("diagnostic network arpshow", 0, ""),
    ("diagnostic network tcpservices", 0, "COMMAND "),
    ("date", 0, " 20"),
    ("date now", 2, "Usage: date"),
    ("dig", 2, "the name is missing"),
    ("process_status", 0, "cleanup "),
    ("process_status 0", 2, "SECONDS is a number within 1..60"),
    ("tcpservices", 0, "COMMAND "),
    ("tcpservices all", 2, "Usage: tcpservices"),
    ("dig @127.0.0.1:1 a.test", 4, "no answer"),
    ("dnscheck Nowhere", 1, "there are: auto, Loopback"),
    ("ipcheck", 0, "\nVerdict: the address can be used.\n"),
    ("ipcheck --working", 0, "\nVerdict: the address can be used.\n"),
    ("ipcheck 127.0.0.1", 2, "Usage: ipcheck"),
    ("netstat", 2, "Usage: netstat "),
    ("netstat nothing", 2, 'netstat: "nothing" is not understood'),
    ("netstat sockets -n", 0, "Active Internet connections"),
    ("netstat traffic nowhere 1 1", 1, "no network interface \"nowhere\""),
    ("netstat traffic lo 0", 2, "SECONDS is a number"),
    ("nslookup", 2, "the name is missing"),
    ("nslookup a.test", 4, "DNS error: look-ups are off"),
    ("nslookup a.test HINFO", 2, "TYPE is A, "),
    ("passphrase nobody", 1, 'There is no administrator "nobody"'),
    ("passphrase a b", 2, "Usage: passphrase"),
    ("userconfig", 2, "Usage: userconfig"),
    ("userconfig list", 0, "There are no users.\n"),
    ("userconfig new joe", 2, "which role?"),
    ("userconfig new joe role=root", 2, "the role is administrator, "),
    ("userconfig new Joe role=guest", 2, "begins with a small letter"),
    ("userconfig delete joe", 1, 'There is no user "joe".'),
    ("userconfig lock", 2, "which user?"),
    ("who", 0, ""),
    ("who am i", 2, "Usage: who"),
    ("whoami", 0, "Role: administrator ("),
    ("ping", 2, "Usage: ping "),
    ("ping ::1", 1, "ping: ::1 is an IPv6 address"),
    ("ping 127.0.0.1 0", 2, "COUNT is a number within 1..600"),
    ("ping6 127.0.0.1", 1, "ping6: 127.0.0.1 is an IPv4 address"),
    ("traceroute", 2, "Usage: traceroute "),
    ("traceroute 127.0.0.1", 0, " 1 127.0.0.1 (127.0.0.1) "),
    ("traceroute6 127.0.0.1", 1, "traceroute6: 127.0.0.1 is an IPv4"),
    ("telnet", 2, "Usage: telnet "),
    ("telnet 127.0.0.1 1 2 3", 2, "Usage: telnet "),
    ("telnet 127.0.0.1 port", 2, "PORT is a number"),
    ("antispamstatus", 0, "No engine is configured.\n"),
    ("antispamupdate", 0, "No engine is configured.\n"),
    ("antivirusstatus", 0, "No engine is configured.\n"),
    ("antivirusupdate", 1, "No engine is configured."),
    ("antivirusstatus now", 2, "Usage: antivirusstatus"),
    ("antispamconfig setup", 0, ""),
    ("antispamconfig setup score=1", 2, 'there is no option "score"'),
    ("antivirusconfig print", 0, "timeout=1m\n"),
    ("antivirusconfig setup engine=spamd", 2, "must be off, clamd or icap"),
    ("dictionaryconfig list", 0, "No content dictionaries have been"),
    ("dictionaryconfig new d terms=a(", 2, "Invalid term: "),
    ("dictionaryconfig edit none clear", 1,
     'There is no content dictionary "none".\n'),
    ("policyconfig incoming list", 0,
     "DEFAULT       Enabled       Enabled       Off              Enabled\n"),
    ("policyconfig incoming new P", 2, "A policy needs a member: "),
    ("policyconfig incoming delete DEFAULT", 1, "cannot be deleted"),
    ("policyconfig outgoing move DEFAULT 1", 1, "stays the last one"),
    ("policyconfig incoming edit DEFAULT antispam inherit", 1,
     "DEFAULT is what the others inherit from"),
    ("policyconfig incoming edit DEFAULT antispam suspected_score=91", 1,
     "the score of suspected (91) is more than that of positive (90)"),
    ("policyconfig incoming filters new f drop(", 1, "filter 'f': action 1"),
    ("policyconfig incoming filters edit f switch", 1,
     'There is no content filter "f".'),
    ("policyconfig priority to", 1, "must be envelope, from, reply-to or"),
    ("policyconfig all", 2, "Usage: policyconfig"),
    ("packetcapture print", 0, "filter=(tcp port 25)\n"),
    ("packetcapture status", 0, "No capture running\n"),
    ("packetcapture stop", 1, "No packet capture is running."),
    ("packetcapture setup max_size=1K", 2, "not within 1M.."),
    ("packetcapture files", 0, "There are no files.\n"),
    ("packetcapture delete x", 1, 'no packet capture file "x".'),
    ("packetcapture listen", 2, "Usage: packetcapture"),
    ("quarantineconfig list", 0, "3  Outbreak                 0   empty         0  by policy  Release\n"),
    ("quarantineconfig delete Virus", 1, "is used by Postern itself."),
    ("quarantineconfig new A retention=1w", 2, "must be a time in seconds"),
    ("quarantine list", 0, "Virus                    0   empty         0  30d        Delete\n"),
    ("quarantine search Policy", 0, "Messages: 0\n"),
    ("quarantine search None", 1, 'There is no quarantine "None".\n'),
    ("quarantine release Policy 7", 1, 'MID 7 is not in quarantine "Policy".\n'),
    ("quarantine release Policy 7 to=x", 2, 'is not rcpt=ADDRESS'),
    ("quarantine copy 7 nobody", 2, 'Invalid email address: "nobody"'),
    ("quarantine forward 7 a@example.com", 1, "MID 7 is not in the system."),
    ("quarantine delay Policy 7 10", 2, "TIME is a number with d, h or m"),
    ("quarantine", 2, "Usage: quarantine"),
    ("textconfig list", 0, "There are no text resources configured.\n"),
    ("textconfig delete none", 1, 'There is no text resource "none".\n'),
    ("textconfig new a type=b text=c", 2, "type must be disclaimer, "),
    ("unsubscribe print", 0, ""),
    ("bvconfig list", 0, "Behavior on invalid bounces: reject\n"
     "No keys have been assigned.\n"),
    ("bvconfig key \x01", 2, "printable text of 1 to 1000 bytes"),
    ("bvconfig key", 2, "which key?"),
    ("bvconfig purge none", 2, "which keys?"),
    ("bvconfig purge all", 0, "0 keys removed.\n"),
    ("bvconfig setup action drop", 2, "action reject, or add_header?"),
    ("bvconfig setup action reject X Y", 2, "reject has no header"),
    ("bvconfig", 2, "Usage: bvconfig"),
    ("unsubscribe new joe", 2, '"joe" must be user@example.com, '),
    ("unsubscribe delete joe@", 1, 'There is no entry "joe@".\n'),
    ("unsubscribe setup on", 2, "enable or disable?"),
    ("unsubscribe", 2, "Usage: unsubscribe"),
    ("euqconfig print", 0, "retention=14d\n"),
    ("euqconfig", 2, "Usage: euqconfig"),
    ("localeconfig print", 0, "stamp_signed=skip\n"),
    ("localeconfig change", 2, "Usage: localeconfig"),
    ("openrelaycheck", 0, " It does not relay.\n"),
    ("openrelaycheck None", 1, 'There is no SMTP listener "None".'),
    ("outbreakconfig print", 0, "rewrite=defang\n"),
    ("outbreakconfig setup rewrite=text", 1, 'needs the key "rewrite_text"'),
    ("outbreakmanage list", 0, "Rule                                      "
     "Messages\nnone\n"),
    ("outbreakmanage release X", 1, 'The rule "X" holds no message.\n'),
    ("outbreakmanage release", 2, "Usage: outbreakmanage"),
    ("outbreakstatus", 0, "Outbreak Filters: Disabled\nAdaptive Rules: "
     "Enabled\nFeed: none\n\nRules of threat level 3 and above:\nnone\n"),
    ("outbreakstatus now", 2, "Usage: outbreakstatus"),
    ("outbreakupdate", 1, "no feed is configured: outbreakconfig has url"),
    ("outbreakupdate now", 2, "Usage: outbreakupdate [force]"),
    ("outbreakflush", 0, "The rules of the feed were dropped.\n"),
    ("outbreakflush all", 2, "Usage: outbreakflush"),
    ("scanconfig print", 0, "audio/*\nimage/*\n"),
    ("scanconfig delete Word", 1, 'There is no entry "Word".\n'),
    ("scanconfig setup max_size=26M", 2, "26M is not within 0..25M"),
    ("alertconfig print", 0, "No email addresses configured for alerts."),
    ("alertconfig new joe", 2, '"joe" must be '),
    ("alertconfig new a@b.test hard", 2, '"hard" is no class: all, '),
    ("alertconfig new a@b.test all loud", 2,
     '"loud": must be critical, warning or information'),
    ("alertconfig from joe", 2, '"joe": must be an address such as '),
    ("alertconfig delete a@b.test", 1, 'There is no address "a@b.test".'),
    ("alertconfig", 2, "Usage: alertconfig"),
    ("alertconfig setup initial=2h", 1,
     "maximum (3600 s) is less than initial (7200 s)"),
    ("showmessage x1", 2, '"x1" is no message id: a number such as 8001'),
    ("removemessage 0", 2, '"0" is no message id'),
    ("findevent -m x1", 2, '"x1" is no message id'),
    ("showchanges x", 2, '"x" is no revision: a number such as 12'),
    ("commitdetail x", 2, '"x" is no revision'),
    ("rollbackconfig x --yes", 2, '"x" is no revision'),
    ("displayalerts", 0, ""),
    ("healthcheck", 0, "\nVerdict: healthy.\n"),
    ("healthcheck 1441", 2, "MINUTES is a number within 1..1440"),
    ("healthcheck 25h", 2, "MINUTES is a number within 1..1440"),
    ("healthconfig print", 0, "swap_alert=yes\n"),
    ("healthconfig setup cpu=101", 2, "101 is not within 1..100"),
    ("healthconfig setup memory=1", 2, 'there is no option "memory"'),
    ("healthconfig", 2, "Usage: healthconfig"),
    ("queue check", 0, "The queue is in order.\n"),
    ("queue repair --yes", 1, "stop it first"),
    ("queue repair", 2, "say --yes"),
    ("queue", 2, "Usage: queue"),
    ("queue check --yes", 2, "Usage: queue"),
    ("repairqueue --yes", 1, "stop it first"),
    ("remotepower print", 0, "host="),
    ("remotepower", 2, "Usage: remotepower"),
    ("remotepower identify", 3, "insufficient privileges"),
    ("remotepower status", 4, "is not available on this system"),
    ("remotepower --yes lan mask=255.255.255.0", 4,
     "is not available on this system"),
    ("remotepower setup host=[192.0.2.1]", 2, "without brackets"),
    ("techsupport setup account=-x", 2, "must not begin with -"),
    ("techsupport print", 0, "port=25"),
    ("techsupport status", 0, "Service access: disabled; Tunnel: not "),
    ("techsupport", 2, "Usage: techsupport"),
    ("techsupport tunnel", 1, "no support host configured"),
    ("techsupport sshaccess", 2, "say --yes"),
    ("techsupport setup host_key=x", 2, "ssh-ed25519"),
    ("supportrequest print", 0, "recipients="),
    ("supportrequest send help", 1, "nobody to send it to"),
    ("supportrequest save help severity=9", 2, "severity is 1 to 4"),
    ("supportrequest save help to=me", 2, 'Invalid email address: "me"'),
    ("supportrequest save", 0, "The support request is saved as "),
    ("supportrequest send", 2, "what is the matter"),
    ("supportrequest", 2, "Usage: supportrequest"),
    ("diskquotaconfig print", 0, "Spam quarantine   "),
    ("diskquotaconfig set tapes 1G", 2, '"tapes" is no service: '),
    ("diskquotaconfig set logs much", 2, "much: must be a "),
    ("diskquotaconfig set logs 500k", 1, "less than 1M"),
    ("diskquotaconfig set logs", 2, "which service, which size?"),
    ("displayalerts now", 2, "Usage: displayalerts"),
    ("tlsreport", 0, "No sessions were counted.\n"),
    ("tlsreport 2026-02-30", 2, '"2026-02-30" is no date: it must be like '),
    ("tlsreport 2026-11-22 a.test now", 2, "Usage: tlsreport [DATE [DOMAIN]]"),
    ("clearchanges --yes", 0, "Changes cleared: "),
    ("clearchanges", 2, "say --yes"),
    ("commit nothing new", 0, "No changes to commit.\n"),
    ("commit", 2, "Usage: commit ["),
    ("commit --merge --force why", 2, "only one of these"),
    ("commitdetail", 0, "\nComment:    first start\nRevision:   1\n"),
    ("commitdetail 99", 1, "There is no revision 99.\n"),
    ("commitdetail 0", 2, "Usage: commitdetail"),
    ("archivemessage 1", 0, "MID 1 has been saved in file oldmessage_1.mbox "
     "in the configuration directory\n"),
    ("archivemessage 99", 1, "MID 99 is not in the system.\n"),
    ("archivemessage", 2, "Usage: archivemessage MID"),
    ("deleterecipients sender <>", 0, "0 messages deleted.\nActive "
     "recipients: 1 before, 1 now.\n"),
    ("deleterecipients host no.test", 1, 'There are no messages for "no.test"'
     ' in the queue.\n'),
    ("deleterecipients", 2, "Usage: deleterecipients host HOST"),
    ("bouncerecipients sender no@no.test", 0, "0 messages bounced.\n"),
    ("bouncerecipients mid x", 2, "Usage: bouncerecipients"),
    ("redirectrecipients a.test sender no@no.test", 0,
     "0 recipients redirected.\n"),
    ("redirectrecipients /dev/null", 1, "is no host to redirect to"),
    ("redirectrecipients a.test some", 2, "Usage: redirectrecipients"),
    ("delivernow all", 0, "Scheduling all messages for delivery.\n"),
    ("delivernow no.test", 1, 'There are no messages for "no.test" in'),
    ("delivernow", 2, "Usage: delivernow"),
    ("dnsstatus", 0, "\n  DNS Requests     "),
    ("dnsstatus now", 2, "Usage: dnsstatus"),
    ("hostrate example.com 1 1", 0, "    Time    Host   CrtCncOut  ActvRcp"),
    ("hostrate no.test", 1, 'No data for host "no.test".\n'),
    ("hostrate example.com 0", 2, "Usage: hostrate HOST"),
    ("rate 1 1", 0, "Time      Connections   Recipients           Recip"),
    ("rate", 2, "Usage: rate"),
    ("rate 3601", 2, "SECONDS is within 1..3600"),
    ("topin", 0, "\n#  Remote hostname            Remote IP addr.   "),
    ("topin 0", 2, "COUNT is within 1..10000"),
    ("dnsflush", 0, "Flushing DNS cache.\n"),
    ("dnsflush example.com", 0, "Flushing DNS cache.\n0 answers deleted\n"
     "All names were forgotten: one alone cannot be.\n"),
    ("filters list", 0, "No filters configured.\n"),
    ("filters logconfig", 0, "No filter archives to a log.\n"),
    ("filters delete 1", 1, "No such filter: 1\n"),
    ("filters new nothing", 1, 'Cannot read nothing: File "nothing" was '),
    ("filters set all awake", 1, "must be active or inactive, not awake\n"),
    ("filters", 2, "Usage: filters ["),
    ("help", 0, "\ntophosts          Show the busiest destinations\n"),
    ("help status", 0, "Usage: status [detail] [--json]\n"),
    ("help nothing", 2, "there is no such command"),
    ("hoststatus example.com", 0, "Host mail status for: 'example.com'\n"),
    ("hoststatus no.test", 0, 'Host "no.test" is not currently in memory.\n'
     "\nHost mail status for: 'no.test'\n"),
    ("hoststatus", 2, "Usage: hoststatus HOST"),
    ("mailconfig", 2, "Usage: mailconfig"),
    ("mailconfig nobody", 2, 'Invalid email address: "nobody"\n'),
    ("mailconfig a@b.test some", 2, "Usage: mailconfig"),
    ("mailconfig " + 500 * "joe@a.test,", 2, "that is too long"),
    ("metrics", 0, "\n# TYPE postern_messages_received_total counter\n"),
    ("metrics now", 2, "Usage: metrics"),
    ("oldmessage", 0, "MID 1: "),
    ("reload", 0, "Revision 1 is in force.\n"),
    ("removemessage 1", 2, "say --yes"),
    ("removemessage --yes 99", 1, "MID 99 is not in the system.\n"),
    ("resetconfig --yes", 1, "Receiving and delivery must be suspended "),
    ("resetconfig now", 2, "Usage: resetconfig"),
    ("resetcounters", 0, "Counters reset: "),
    ("resume", 0, "Mail delivery resumed.\n"),
    ("resumedel", 0, "Mail delivery resumed.\n"),
    ("resumelistener all", 1, "No listeners are suspended.\n"),
    ("resumelistener InboundMail", 1, "No listeners are suspended.\n"),
    ("rollbackconfig list", 0, "Previous commits:\n"),
    ("rollbackconfig --yes 99", 1, "There is no revision 99.\n"),
    ("rollbackconfig 1", 2, "say --yes"),
    ("rollovernow", 0, "Log files successfully rolled over: mail_logs\n"),
    ("grep Subject mail_logs", 0, "Info: MID 1 Subject 'kept'\n"),
    ("grep -c Subject mail_logs", 0, "1\n"),
    ("grep -i -C 1 SUBJECT mail_logs", 0, "ready"),
    ("grep -e (x mail_logs", 2, "parenthesis"),
    ("grep x", 2, "which log?"),
    ("grep x nothing", 1, 'There is no log subscription "nothing".'),
    ("findevent -s kept", 0, "1. MID 1 ("),
    ("findevent -m 1", 0, "Info: Start MID 1 ICID 1\n"),
    ("findevent -m 0", 2, "Usage: findevent"),
    ("findevent -m 99", 1, "MID 99 is not in these files.\n"),
    ("findevent -f nobody", 1, "No messages were found.\n"),
    ("findevent -d 1 -f x", 2, "Usage: findevent"),
    ("tracking --mid 1", 0, "  MID 1  "),
    ("tracking --subject KEPT --event pending", 0, "  Subject: kept\n"),
    ("tracking --from nobody --last 7d", 1, "No messages were found.\n"),
    ("tracking --last 1y", 2, '"1y" is no range: 90m, 12h, 7d, 2w'),
    ("tracking --since then", 2, '"then" is no time: 2025-03-04'),
    ("tracking --ip here", 2, '"here" is no address'),
    ("tracking --event lost", 2, '"lost" is no event: delivered, '),
    ("tracking --limit 5001", 2, '"5001" is no limit: 1 to 5000'),
    ("tracking --csv", 0, ',"kept",'),
    ("tracking show 1", 0, "  Start MID 1 ICID 1\n"),
    ("tracking show 99", 1, "There is no tracking data about MID 99."),
    ("tracking show", 2, "Usage: tracking"),
    ("tracking status", 0, "Tracking is enabled.\n"),
    ("logconfig list", 0, "\n1. mail_logs           Text Mail Logs"),
    ("logconfig new a type=audit", 2, "type: must be mail, bounces"),
    ("logconfig new a level=6", 2, "level"),
    ("logconfig new a max_size=99k", 2, "max_size"),
    ("logconfig new a max_files=0", 2, "max_files"),
    ("logconfig new mail_logs", 1, "already in use"),
    ("logconfig logheaders", 0, ""),
    ("tail nothing", 1, 'There is no log subscription "nothing".'),
    ("tail", 2, "which log?"),
    ("rollovernow nothing", 1, 'There is no log subscription "nothing".'),
    ("showchanges", 0, "There are no changes.\n"),
    ("showchanges 1", 0, "There are no changes.\n"),
    ("showchanges x", 2, "Usage: showchanges"),
    ("listenerconfig list", 0, "1. "),
    ("aliasconfig list", 2, "Usage: aliasconfig"),
    ("altsrchost list", 2, "Usage: altsrchost"),
    ("slblconfig list", 2, "Usage: slblconfig"),
    ("exceptionconfig list", 2, "Usage: exceptionconfig"),
    ("dnslistconfig list", 2, "Usage: dnslistconfig"),
    ("addresslistconfig list", 0, "No address lists configured."),
    ("interfaceconfig list", 0, "1. "),
    ("callaheadconfig list", 0, "No SMTP call-ahead profiles configured."),
    ("smtpauthconfig list", 0, "No SMTP Authentication profiles"),
    ("listenerconfig edit Nobody limits 1 1", 1, "Nobody"),
    ("bounceconfig list", 0, "Default"),
    ("reputationstatus", 0, "IP reputation:             no service; every client has the "
     'score "none"\nSender domain reputation:  off\n'),
    ("reputationstatus x", 2, "Usage: reputationstatus"),
    ("domainkeysconfig list", 0, "There are no DKIM profiles and keys.\n"),
    ("domainkeysconfig profiles list", 0, "There are no DKIM signing profiles.\n"),
    ("domainkeysconfig profiles dnstxt nobody", 1, 'There is no profile "nobody"'),
    ("domainkeysconfig profiles test", 2, "which profile?"),
    ("domainkeysconfig keys publickey nobody", 1, 'There is no key "nobody"'),
    ("domainkeysconfig keys new k type=dsa", 2, "type"),
    ("domainkeysconfig search x", 0, "Nothing has that in it.\n"),
    ("destconfig list", 0, "(Default)            On         Off                Off            (Default)\n"),
    ("destconfig delete Default", 1, '"Default" cannot be deleted'),
    ("destconfig detail nowhere.test", 1, "There is no destination"),
    ("destconfig new a.test recipient_limit=-1", 2, "recipient_limit"),
    ("deliveryconfig print", 0, "possible_delivery=no\n"),
    ("deliveryconfig setup interface=None", 1, '"None" below interfaces'),
    ("deliveryconfig setup interface=Auto", 0, ""),
    ("smtpping", 2, "Usage: smtpping HOST"),
    ("smtpping 127.0.0.1:1 --interface No", 1, 'There is no interface "No".'),
    ("smtpping a.test --body x", 2, "to whom? --to is needed"),
    ("smtpping a.test --to nobody", 2, "--to is no address"),
    ("tlsverify", 2, "Usage: tlsverify DOMAIN"),
    ("tlsverify a.test -- :", 2, "HOST is a name or an IP address"),
    ("tlsverify a.test --timeout 0", 2, "A time-out is 1 to 600 seconds"),
    ("daneverify 192.0.2.1", 2, "DOMAIN is one that mail goes to"),
    ("daneverify a.test --interface No", 1, 'There is no interface "No".'),
    ("smtproutes print", 0, "127.0.0.1:"),
    ("smtproutes delete none.test", 1, "There is no route for none.test."),
    ("smtproutes new a.test a.test,/dev/null", 2, "/dev/null"),
    ("smtproutes", 2, "Usage: smtproutes"),
    ("bounceconfig print Nobody", 1, "Nobody"),
    ("smtpauthconfig secret Nobody", 1, "There is no profile \"Nobody\""),
    ("smtpauthconfig users Nobody", 1, "There is no profile \"Nobody\""),
    ("showconfig", 0, "hostname: mx.postern.test\n"),
    ("showconfig --defaults", 0, "parser: strict"),
    ("showconfig --normal", 0, "hostname: mx.postern.test\n"),
    ("showconfig encrypt", 2, "Usage: showconfig"),
    ("showconfig --nothing", 2, "Usage: showconfig"),
    ("loadconfig", 2, "Usage: loadconfig"),
    ("loadconfig nothing", 1, 'File "nothing" was not found in the '
     "configuration directory.\n"),
    ("loadconfig ../postern.yaml", 2, 'File "../postern.yaml": '),
    ("saveconfig", 2, "Usage: saveconfig"),
    ("saveconfig mask", 0, 'File written on machine "mx.postern.test" to '),
    ("saveconfig --key x plain", 2, "--key is for encrypt"),
    ("showmessage 1", 0, "Subject: kept"),
    ("showmessage 99", 1, "MID 99 is not in the system.\n"),
    ("showrecipients all", 0, "\n[RID]     [Atmps]  Recipient\n"),
    ("showrecipients host example.com", 0, " [0]       [0]     r@example.com"),
    ("showrecipients sender <>", 0, "There are no such messages in the"),
    ("showrecipients host", 2, "Usage: showrecipients"),
    ("status", 0, "\nSystem status:                 "),
    ("status detail", 0, "\nRates (Events Per Hour):             1-Minute"),
    ("status more", 2, "Usage: status [detail]\n"),
    ("suspenddel 1", 0, "Mail delivery suspended.\n"),
    ("suspenddel 86401", 2, "within 0..86400"),
    ("suspendlistener Nobody", 1, 'There is no listener "Nobody".\n'),
    ("suspendlistener", 2, "Usage: suspendlistener"),
    ("tophosts", 0, "#   Recipient Host            Recip.    Out"),
    ("tophosts hard_bounced 3", 0, "Hosts marked with '*'"),
    ("tophosts nothing", 2, "active_rcpts|conn_out|deliv_rcpts"),
    ("tophosts conn_out 0", 2, "COUNT is within 1..10000"),
    ("trace", 2, "--source-ip"),
    ("version", 0, "Current Version\n===============\nProduct: Postern"),
    ("workqueue status", 0, "Status:          Operational\n"),
    ("workqueue", 2, "Usage: workqueue"),
    ("workqueue rate 1 1", 0, "Time        Pending        In       Out\n"),
    ("nothing", 2, "Unknown command: nothing\n"),
    ("stauts", 2, "Did you mean: status?\n"),
    ("CLEAR --yes", 0, "Changes cleared: "),
    ("diff", 0, "There are no changes.\n"),
]

# words: keys that must be there
JSON = {
    "userconfig list": ["users"],
    "who": ["sessions"],
    "whoami": ["user", "uid", "role", "why"],
    "antispamstatus": ["engine", "answers", "rules", "error",
                       "last_contact", "ms"],
    "antispamupdate": ["engine", "answers", "rules", "error",
                       "last_contact", "ms"],
    "antivirusstatus": ["engine", "answers", "rules", "error",
                        "last_contact", "ms"],
    "packetcapture status": ["running", "settings"],
    "packetcapture files": ["files"],
    "packetcapture print": ["max_size", "when_full", "duration",
                            "interfaces", "ports", "clients", "servers",
                            "filter"],
    "antispamconfig print": [
        "engine", "servers", "timeout", "always_scan_up_to",
        "never_scan_above", "on_failure"],
    "antivirusconfig print": [
        "engine", "servers", "service", "timeout", "max_size"],
    "dictionaryconfig list": None,
    "policyconfig incoming print DEFAULT": [
        "name", "members", "anti_spam", "anti_virus", "outbreak",
        "content_filters"],
    "policyconfig outgoing filters list": None,
    "quarantineconfig print Policy": [
        "name", "retention", "action", "free_space", "subject",
        "subject_text", "header", "header_value", "strip_attachments"],
    "quarantine list": ["status_as_of", "space", "used", "quarantines"],
    "quarantine search Policy": ["quarantine", "messages", "found", "cut"],
    "quarantine delete Policy all": ["quarantine", "done", "messages"],
    "textconfig list": None,
    "unsubscribe print": ["enabled", "action", "entries"],
    "bvconfig list": ["action", "header_name", "header_value", "keys"],
    "euqconfig print": ["enabled", "max_size", "delete_oldest", "retention"],
    "localeconfig print": [
        "header_in_body_charset", "impose_body_charset",
        "try_footer_charset", "stamp_signed"],
    "openrelaycheck": ["relays", "listeners"],
    "outbreakconfig print": [
        "enabled", "adaptive", "max_size", "url", "public_key", "interval",
        "rewrite", "rewrite_text"],
    "scanconfig print": [
        "list", "types", "max_depth", "max_size", "metadata", "timeout",
        "assume_match", "quarantine_on_error", "not_taken_apart",
        "bypass_on_error", "charset", "max_expanded", "max_members"],
    "clearchanges --yes": ["changes_cleared"],
    "commit nothing": ["revision", "changed", "committed", "problems"],
    "archivemessage 1": ["mid", "file"],
    "bouncerecipients sender no@no.test": [
        "done", "recipients", "messages", "in_delivery", "active_before",
        "active_after"],
    "deleterecipients sender <>": ["done", "recipients"],
    "redirectrecipients a.test sender no@no.test": ["done", "recipients"],
    "delivernow all": ["scope"],
    "outbreakstatus": ["enabled", "adaptive", "file", "feed", "threshold",
                       "rules"],
    "outbreakflush": ["flushed"],
    "outbreakmanage list": ["rules"],
    "date": ["time", "date", "zone", "offset", "synchronized"],
    "reputationstatus": ["ip_reputation", "domain_reputation", "dns_lists"],
    "domainkeysconfig list": ["profiles", "keys"],
    "dnsflush": ["flushed", "more_than_asked"],
    "process_status": ["status_as_of", "seconds", "programs"],
    "tcpservices": ["services"],
    "dnsstatus": ["status_as_of", "counters"],
    "hostrate example.com 1 1": [
        "time", "host_status", "connections_out", "active_recipients",
        "active_delta", "delivered_delta", "hard_bounced_delta",
        "soft_bounced_delta"],
    "rate 1 1": [
        "time", "connections_in", "connections_out", "recipients_received",
        "received_delta", "recipients_completed", "completed_delta",
        "kilobytes_used"],
    "topin": ["status_as_of", "connections"],
    "filters list": None,
    "healthcheck 1h": ["status_as_of", "since", "minutes", "checks",
                       "system_status", "asked", "programs", "healthy",
                       "problems"],
    "healthconfig print": ["workqueue", "workqueue_alert", "cpu",
                           "cpu_alert", "swap", "swap_alert"],
    "help": None,
    "ipcheck": ["passed", "working", "running", "interfaces"],
    "commitdetail": ["revision", "committed", "user", "comment", "changed"],
    "help status": None,
    "hoststatus example.com": [
        "host", "status_as_of", "host_up_down", "counters", "gauges",
        "oldest_message", "last_activity", "next_retry",
        "ordered_ip_addresses", "mx_records", "smtp_routes",
        "last_5xx_error", "in_memory"],
    "metrics": ["metrics"],
    "diagnostic network arpshow": ["neighbours"],
    "diagnostic network ndpshow": ["neighbours"],
    "diagnostic network tcpservices": ["services"],
    "diagnostic services status": ["programs"],
    "diagnostic disk_usage": ["services", "queue", "file_systems"],
    "traceroute 127.0.0.1": ["host", "address", "reached", "hops"],
    "netstat interfaces": ["interfaces"],
    "netstat listen -n": ["listen_queues"],
    "netstat routes": ["routes"],
    "netstat sockets -n": ["sockets"],
    "netstat traffic 1 1": ["interface", "time", "in_packets"],
    "oldmessage": ["mid", "age"],
    "reload": ["revision"],
    "resetcounters": ["counters_reset"],
    "resumedel": None,
    "rollbackconfig list": ["current", "revisions"],
    "grep Subject mail_logs": ["found", "lines"],
    "findevent -s kept": ["messages"],
    "findevent -m 1": ["mid", "lines"],
    "tracking --subject kept": ["messages", "found", "oldest", "incomplete"],
    "tracking show 1": ["mid", "state", "recipients", "related", "lines"],
    "tracking status": ["enabled", "used", "quota", "oldest", "lost"],
    "logconfig list": None,
    "logconfig print mail_logs": ["name", "type", "level", "max_size"],
    "rollovernow": ["rolled"],
    "showchanges": ["changed", "diff"],
    "showconfig": ["revision", "config"],
    "showmessage 1": ["mid", "age", "content_off", "content_len"],
    "showrecipients all": ["messages"],
    "status": ["status_as_of", "up_since", "last_counter_reset",
               "system_status", "oldest_message", "counters", "ids",
               "gauges", "rates"],
    "status detail": ["rates"],
    "suspenddel 1": None,
    "tophosts": ["status_as_of", "hosts"],
    "listenerconfig list": None,
    "bounceconfig list": None,
    "bounceconfig print Default": ["name", "max_queue_time", "notify"],
    "alertconfig print": ["from", "initial", "recipients"],
    "displayalerts": ["alerts", "waiting"],
    "queue check": ["in_order", "running", "faults", "mended", "sums"],
    "remotepower print": ["host", "port", "cipher_suite", "user",
                          "secret"],
    "techsupport status": ["serial", "enabled", "since", "expires", "tunnel"],
    "techsupport print": ["host", "port", "host_key", "account", "key"],
    "tlsreport 2026-11-22 a.test": [
        "organization-name", "date-range", "contact-info", "report-id",
        "policies"],
    "supportrequest print": ["recipients", "contact"],
    "supportrequest save help": ["file", "recipients"],
    "diskquotaconfig print": ["logs", "tracking", "quarantines",
                              "spam_quarantine", "captures"],
    "aliasconfig print": None,
    "altsrchost print": None,
    "slblconfig print": None,
    "exceptionconfig print": None,
    "interfaceconfig print Loopback": ["name", "ip", "hostname"],
    "version": ["product", "version", "serial", "openssl", "queue_schema"],
    "workqueue status": ["status_as_of", "status", "messages", "paused"],
    "workqueue rate 1 1": ["time", "pending", "in", "out"],
}


def run(postern, words, *more, tool=BIN / "postern", **kw):
    return subprocess.run(
        [str(tool), "--root", str(postern.root), *more]
        + (words.split() if isinstance(words, str) else words),
        capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, **kw)


@pytest.fixture(scope="module")
def module_suite(tmp_path_factory):
    """One gateway for all that changes nothing for good, with a message that
    cannot be delivered: nobody is at the sink's port."""
    import tempfile
    from suite import Suite
    folder = tempfile.mkdtemp(prefix="postern-test.", dir="/var/tmp")
    with Suite(os.path.join(folder, "s"), CONFIG) as postern:
        with postern.client() as c:
            assert c.mail(body=b"Subject: kept\r\n\r\nx\r\n")[0] == 250
        postern.wait_log("queued for delivery")
        yield postern
    shutil.rmtree(folder, ignore_errors=True)


def commands():
    out = subprocess.run([str(BIN / "postern"), "--root", str(TOP), "--json",
                          "help"], capture_output=True, text=True)
    return json.loads(out.stdout)


@pytest.mark.parametrize("words,status,part", TEXT)
def test_exit_status_and_text(module_suite, words, status, part):
    r = run(module_suite, words)
    assert r.returncode == status, (r.stdout, r.stderr)
    if status == 0:
        assert part in r.stdout and r.stderr == ""
    else:
        assert r.stdout == "" and part in r.stderr and r.stderr != ""
    run(module_suite, "resume")
    run(module_suite, "clearchanges --yes")


@pytest.mark.parametrize("words", JSON)
def test_json(module_suite, words):
    for line in ([*words.split(), "--json"], ["--json", *words.split()]):
        r = run(module_suite, line)
        assert r.returncode == 0 and r.stderr == "", (r.stdout, r.stderr)
        answer = json.loads(r.stdout)
        for key in JSON[words] or []:
            assert key in answer, (key, answer)
    run(module_suite, "resume")
    run(module_suite, "clearchanges --yes")


def test_every_command_is_tried():
    tried = {w.split()[0] for w, *_ in TEXT} | {w.split()[0] for w in JSON}
    assert {c["name"] for c in commands()} - tried == {"inject", "suspend"}


def test_help_and_page_of_trace_are_in_step():
    """The same options, in the same groups and order."""
    text = subprocess.run([str(BIN / "postern"), "trace", "--help"],
                          capture_output=True, text=True).stdout
    said = re.findall(r"^(?:(\S.*):|  --(\S+).*)$", text, re.M)
    page = (TOP / "docs/man/postern-trace.1").read_text()
    page = page[page.index("The options, by"):page.index(".Ss The report")]
    written = re.findall(r"^\.(?:Ss (.*)|It Fl -(\S+).*)$", page, re.M)
    assert said == written and len(said) > 25


@pytest.mark.parametrize("name", [c["name"] for c in commands()])
def test_help_of_each(module_suite, name):
    r = run(module_suite, [name, "--help"])
    assert r.returncode == 0 and r.stderr == ""
    usage, text = r.stdout.split("\n\n", 1)
    assert usage.startswith("Usage: " + name + " ")
    assert len(text) > 20 and text.endswith(".\n")
    assert all(len(l) <= 80 for l in r.stdout.split("\n"))
    assert run(module_suite, ["help", name]).stdout == r.stdout
    assert run(module_suite, [name, "--help", "--json"]).returncode == 0
    # words that make no sense are wrong use, and say how it is right
    r = run(module_suite, [name, "--no-such-option", "x", "y", "z", "a", "b"])
    if name != "commit":        # there every word is the comment
        assert r.returncode in (1, 2) and r.stderr != "" == r.stdout


def test_help_is_in_order():
    names = [c["name"] for c in commands()]
    assert names == sorted(names)


@pytest.mark.parametrize("mid", ["../../x", "1/../2", "-1", "0x10", "1e3",
                                 "9" * 400, "1;rm", "0", " 1", "+1",
                                 str(2 ** 63), "\u0661"])
@pytest.mark.parametrize("command", ["showmessage", "removemessage --yes"])
def test_adm_02_message_ids(module_suite, command, mid):
    r = run(module_suite, command.split() + [mid])
    assert r.returncode == 2 and "Usage: " in r.stderr


def test_adm_02_the_largest_one(module_suite):
    r = run(module_suite, ["showmessage", str(2 ** 63 - 1)])
    assert r.returncode == 1 and "is not in the system" in r.stderr


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "\u202ex", "x" * 5000])
@pytest.mark.parametrize("command", ["hoststatus", "tophosts", "nonsense",
                                     "rollovernow", "suspendlistener",
                                     "showmessage", "delivernow"])
def test_adm_04_errors_are_harmless(module_suite, command, text):
    r = run(module_suite, [command, text])
    assert r.returncode in (1, 2)
    assert "\x1b" not in r.stderr and "\u202e" not in r.stderr
    assert all(len(l) < 1200 for l in r.stderr.split("\n"))


def test_words_through_a_pipe(module_suite):
    r = subprocess.run([str(BIN / "postern"), "--root",
                        str(module_suite.root)],
                       input="workqueue status\nnonsense\n# no\n\n"
                       "showmessage 99\nversion\nexit\nstatus\n",
                       capture_output=True, text=True, timeout=60)
    assert r.stdout.startswith("Status as of: ")
    assert r.stdout.count("Current Version") == 1
    assert "System status" not in r.stdout
    assert r.stderr == "Unknown command: nonsense\n" \
        "MID 99 is not in the system.\n"


def test_nobody_is_there(make_suite):
    postern = make_suite(start=False)
    for words in ("status", "tophosts", "workqueue status", "resumedel"):
        r = run(postern, words)
        assert r.returncode == 4 and "Postern is not running" in r.stderr
    assert run(postern, "version").returncode == 0
    assert run(postern, "showconfig --working").returncode == 0
    r = run(postern, "showconfig")
    assert r.returncode == 1 and "--working" in r.stderr


def test_output_that_cannot_be_written(module_suite):
    with open("/dev/full", "w") as full:
        r = subprocess.run([str(BIN / "postern"), "--root",
                            str(module_suite.root), "help"], stdout=full,
                           stderr=subprocess.PIPE, text=True, timeout=60)
    assert r.returncode == 4 and "No space left" in r.stderr


# --- the control socket (threats ADM-05) -------------------------------------

HEAD = struct.Struct("=IHHI")    # length, type, descriptors, transaction
KINDS = {"master": 0, "recorder": 1, "lookupd": 2, "qmgr": 4}
GARBAGE = {
    "nothing": b"",
    "text": b"GET / HTTP/1.0\r\n\r\n",
    "zeros": b"\0" * 4096,
    "ones": b"\xff" * 4096,
    "2 GB": HEAD.pack(0x7fffffff, 0, 0, 0),
    "4 GB": HEAD.pack(0xffffffff, 0, 0, 0) + b"x" * 10000,
    "half a head": b"\x05\0\0",
    "unknown type": HEAD.pack(0, 9999, 0, 0),
    "descriptors that are not there": HEAD.pack(1, 0, 9, 0) + b"\0",
}


def types():
    """Numbers of the frames, from the header that declares them."""
    text = (TOP / "lib/ipc/messages.h").read_text()
    table = text[text.index("#define IPC_MESSAGES("):]
    names = re.findall(r"\b[MX]\((\w+)", table[:table.index("\n\n")])
    return {n: i for i, n in enumerate(names, 1)}


def control(postern):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(control_path(postern))
    return s


def control_path(postern):
    found = [str(p) for p in postern.root.rglob("*") if p.is_socket()]
    assert len(found) == 1, found
    return found[0]


def frame(kind, body):
    return HEAD.pack(len(body), types()[kind], 0, 0) + body


def handed_over(postern, program):
    s = control(postern)
    s.sendall(frame("CONNECT", bytes([KINDS[program], 0])))
    head = s.recv(HEAD.size, socket.MSG_WAITALL)
    length, kind, *_ = HEAD.unpack(head)
    assert kind == types()["RESULT"]
    body = s.recv(length, socket.MSG_WAITALL)
    assert body[0] == 0, body
    return s


def drained(s, seconds=60):
    """True when the other side has closed it."""
    s.settimeout(seconds)
    with contextlib.suppress(ConnectionError):
        while s.recv(65536):
            pass
    return True


def lives(postern, before):
    assert postern.pids() == before
    assert postern.ask("status")["system_status"] == "Online"
    with postern.client() as c:
        assert c.cmd("NOOP")[0] == 250


@pytest.mark.parametrize("name", GARBAGE)
def test_adm_05_garbage(module_suite, name):
    before = module_suite.pids()
    with control(module_suite) as s:
        s.sendall(GARBAGE[name])
        if name != "nothing":
            s.shutdown(socket.SHUT_WR)
        assert drained(s)
    lives(module_suite, before)


@pytest.mark.parametrize("program", KINDS)
@pytest.mark.parametrize("name", GARBAGE)
def test_adm_05_garbage_to_each(module_suite, program, name):
    before = module_suite.pids()
    with handed_over(module_suite, program) as s:
        with contextlib.suppress(ConnectionError):
            s.sendall(GARBAGE[name])
            s.shutdown(socket.SHUT_WR)
        assert drained(s)
    lives(module_suite, before)


@pytest.mark.parametrize("program", KINDS)
def test_adm_05_commands_that_are_none(module_suite, program):
    """Well-formed frames, wrong words: an answer, and it goes on."""
    before = module_suite.pids()
    with handed_over(module_suite, program) as s:
        for body in (b"\0", b"\1\0", b"\1\5wrong", b"\1\6status" * 1,
                     b"\x64" + b"\1x" * 100):
            with contextlib.suppress(ConnectionError):
                s.sendall(frame("COMMAND", body))
    lives(module_suite, before)


def test_adm_05_half_a_frame(module_suite):
    before = module_suite.pids()
    whole = frame("CONNECT", b"\1\0")
    start = time.monotonic()
    held = []
    for n in range(1, len(whole)):
        s = control(module_suite)
        s.sendall(whole[:n])
        held.append(s)
    lives(module_suite, before)
    assert time.monotonic() - start < 30    # not five seconds for each
    for s in held:
        assert drained(s)
        s.close()
    with handed_over(module_suite, "qmgr") as s:
        s.sendall(HEAD.pack(1000, types()["COMMAND"], 0, 0) + b"\1")
        lives(module_suite, before)


def test_adm_05_a_thousand_connections(module_suite):
    before = module_suite.pids()
    held = []
    for _ in range(1000):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(control_path_cached(module_suite))
            held.append(s)
        except BlockingIOError:     # the kernel's queue is full
            s.close()
            time.sleep(0.001)
    assert len(held) > 64
    with module_suite.client() as c:
        assert c.mail()[0] == 250
    for s in held:
        s.close()
    wait_for("the socket to serve again", lambda: run(
        module_suite, "status").returncode == 0, 60, 0.2)
    lives(module_suite, before)


def control_path_cached(postern, seen={}):
    if postern.root not in seen:
        seen[postern.root] = control_path(postern)
    return seen[postern.root]


@pytest.mark.parametrize("program", [None, *KINDS])
def test_adm_05_a_flood_of_descriptors(module_suite, program):
    before = module_suite.pids()
    counts = {n: len(os.listdir("/proc/%d/fd" % p))
              for n, p in before.items()}
    for _ in range(20):
        s = (handed_over(module_suite, program) if program
             else control(module_suite))
        fds = array.array("i", [s.fileno()] * 200)
        with contextlib.suppress(ConnectionError):
            s.sendmsg([HEAD.pack(1, types()["CONNECT"], 200, 0) + b"\1"],
                      [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            drained(s)
        s.close()
    lives(module_suite, before)

    def closed():
        return all(len(os.listdir("/proc/%d/fd" % p)) <= counts[n] + 3
                   for n, p in before.items())
    wait_for("descriptors to be closed", closed)


@pytest.mark.skipif(not ROOT_USER,
                    reason="being another account needs root")
def test_adm_05_other_accounts_are_refused(module_suite):
    path = control_path(module_suite)
    assert os.stat(path).st_mode & 0o777 == 0o660

    def nobody():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    # the tree may be where others do not come in
    tool = shutil.copy(BIN / "postern", module_suite.root)
    r = run(module_suite, "status", tool=tool, preexec_fn=nobody)
    assert r.returncode == 3 and "Permission denied" in r.stderr
    # even where the mode would let them in
    os.chmod(path, 0o666)
    try:
        for words in ("status", "suspenddel 0", "reload"):
            r = run(module_suite, words, tool=tool, preexec_fn=nobody)
            assert r.returncode == 3
            assert "you may not use this socket" in r.stderr
    finally:
        os.chmod(path, 0o660)
    assert module_suite.ask("status")["system_status"] == "Online"

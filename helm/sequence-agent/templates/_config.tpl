{{/* From .Values.config to the file that the agent reads, and what has to hold for that. */}}

{{- define "sequence-agent.configDirectory" -}}/etc/sequence-agent{{- end -}}
{{- define "sequence-agent.secretsDirectory" -}}/run/secrets/sequence-agent{{- end -}}
{{- define "sequence-agent.stateDirectory" -}}/var/lib/sequence-agent{{- end -}}

{{/* A map without the keys whose value is null, at any depth: how one values file takes back what another says. Takes a map; JSON. */}}
{{- define "sequence-agent.withoutNulls" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if kindIs "map" $value -}}
{{- $_ := set $kept $key (include "sequence-agent.withoutNulls" $value | fromJson) -}}
{{- else if kindIs "slice" $value -}}
{{- $items := list -}}
{{- range $value -}}
{{- if kindIs "map" . -}}
{{- $items = append $items (include "sequence-agent.withoutNulls" . | fromJson) -}}
{{- else if not (kindIs "invalid" .) -}}
{{- $items = append $items . -}}
{{- end -}}
{{- end -}}
{{- $_ := set $kept $key $items -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- toJson $kept -}}
{{- end -}}

{{/* The configuration as the agent is to see it; JSON. */}}
{{- define "sequence-agent.config" -}}
{{- $config := include "sequence-agent.withoutNulls" (default dict .Values.config) | fromJson -}}
{{- $servers := list -}}
{{- range $index, $server := default list $config.servers -}}
{{- $servers = append $servers (include "sequence-agent.server" (dict "server" $server "index" $index "root" $) | fromJson) -}}
{{- end -}}
{{- $_ := set $config "servers" $servers -}}
{{- if .Values.resets.enabled -}}
{{- include "sequence-agent.checkJobs" $config -}}
{{- else -}}
{{- $_ := unset $config "jobs" -}}
{{- end -}}
{{- $_ := set $config "listen" (merge (default dict $config.listen) (dict "port" 9753)) -}}
{{- $_ := set $config "history" (include "sequence-agent.history" . | fromJson) -}}
{{- toJson $config -}}
{{- end -}}

{{/* One server: its files named, and without `resets` while these are off. Takes a dict: server, index, root; JSON. */}}
{{- define "sequence-agent.server" -}}
{{- $server := .server -}}
{{- $at := printf "config.servers[%d] (%s)" .index (toString $server.name) -}}
{{- with $server.existingSecret -}}
{{- $folder := printf "%s/%s" (include "sequence-agent.secretsDirectory" $) .name -}}
{{- if .dsnKey -}}
{{- if or $server.dsn $server.dsn_file $server.dsn_env -}}
{{- fail (printf "\n\n%s: existingSecret.dsnKey says that the Secret holds the DSN, so dsn, dsn_file and dsn_env have to go\n" $at) -}}
{{- end -}}
{{- $_ := set $server "dsn_file" (printf "%s/%s" $folder .dsnKey) -}}
{{- end -}}
{{- if or .passwordKey (not .dsnKey) -}}
{{- if $server.password_file -}}
{{- fail (printf "\n\n%s: password_file and existingSecret both say where the password is; keep one of them\n" $at) -}}
{{- end -}}
{{- $_ := set $server "password_file" (printf "%s/%s" $folder (default "password" .passwordKey)) -}}
{{- end -}}
{{- end -}}
{{- $given := list -}}
{{- range list "dsn" "dsn_file" "dsn_env" -}}
{{- if get $server . -}}{{- $given = append $given . -}}{{- end -}}
{{- end -}}
{{- if eq (len $given) 0 -}}
{{- fail (printf "\n\n%s: say how to connect: dsn, dsn_file, dsn_env, or existingSecret.dsnKey for a Secret that holds a DSN\n" $at) -}}
{{- else if gt (len $given) 1 -}}
{{- fail (printf "\n\n%s: %s exclude each other; keep one of them\n" $at (join " and " $given)) -}}
{{- end -}}
{{- if include "sequence-agent.holdsPassword" (default "" $server.dsn) -}}
{{- fail (printf "\n\n%s: dsn holds a password, and whoever may read ConfigMaps could read it. Put it into a Secret and name that:\n\n  existingSecret: {name: NAME, passwordKey: KEY}\n" $at) -}}
{{- end -}}
{{- $_ := unset $server "existingSecret" -}}
{{- if not .root.Values.resets.enabled -}}
{{- $_ := unset $server "resets" -}}
{{- end -}}
{{- toJson $server -}}
{{- end -}}

{{/* "yes" if a URI or a DSN of pairs holds a password that is written out; ${VAR} is fine. Takes the text. */}}
{{- define "sequence-agent.holdsPassword" -}}
{{- if regexMatch "^[a-z0-9+]+://[^/@:]*:[^/@]+@" . -}}
{{- if not (regexMatch "^[a-z0-9+]+://[^/@:]*:\\$\\{[^}]*\\}@" .) -}}yes{{- end -}}
{{- else if regexMatch "(^|[?& ])password *= *([^$ ]|[$][^{])" . -}}yes{{- end -}}
{{- end -}}

{{/* Fails when jobs name servers that no job may touch; the agent would refuse the whole file. Takes the configuration. */}}
{{- define "sequence-agent.checkJobs" -}}
{{- $open := list -}}
{{- range default list .servers -}}
{{- if .resets -}}{{- $open = append $open (toString .name) -}}{{- end -}}
{{- end -}}
{{- range $index, $job := default list .jobs -}}
{{- if not (has (toString $job.server) $open) -}}
{{- fail (printf "\n\nconfig.jobs[%d] (%s): no server %q in config.servers has `resets: {environment: …}`, without which no job may touch it\n" $index (toString $job.name) (toString $job.server)) -}}
{{- end -}}
{{- if not (or $job.tables $job.sequences) -}}
{{- fail (printf "\n\nconfig.jobs[%d] (%s): needs tables or sequences to work on\n" $index (toString $job.name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where consumption is remembered: a URL, or a file that holds one and may change; JSON. */}}
{{- define "sequence-agent.history" -}}
{{- $given := dig "history" dict (include "sequence-agent.withoutNulls" (default dict .Values.config) | fromJson) -}}
{{- $secret := .Values.history.existingSecret -}}
{{- if $secret.name -}}
{{- if or $given.url $given.url_file -}}
{{- fail (printf "\n\nhistory.existingSecret and config.history.%s both say where the history is; keep one of them\n" (ternary "url" "url_file" (not (empty $given.url)))) -}}
{{- end -}}
{{- toJson (merge (dict "url_file" (printf "%s/%s/%s" (include "sequence-agent.secretsDirectory" .) $secret.name $secret.key)) $given) -}}
{{- else if include "sequence-agent.holdsPassword" (default "" $given.url) -}}
{{- fail "\n\nconfig.history.url holds a password, and whoever may read ConfigMaps could read it. Put the URL into a Secret and name that in history.existingSecret\n" -}}
{{- else if or $given.url $given.url_file -}}
{{- toJson $given -}}
{{- else -}}
{{- toJson (merge (dict "url" (printf "sqlite:///%s/sequence-agent.db" (include "sequence-agent.stateDirectory" .))) $given) -}}
{{- end -}}
{{- end -}}

{{/* "yes" if the history is a server's, and no file of the pod's. */}}
{{- define "sequence-agent.historyIsPostgres" -}}
{{- $history := include "sequence-agent.history" . | fromJson -}}
{{- if or $history.url_file (hasPrefix "postgresql" (default "" $history.url)) -}}yes{{- end -}}
{{- end -}}

{{- define "sequence-agent.port" -}}
{{- dig "listen" "port" 9753 (include "sequence-agent.withoutNulls" (default dict .Values.config) | fromJson) | int -}}
{{- end -}}

{{/* The Secrets of the servers and of the history, each once, as a list of names; JSON. */}}
{{- define "sequence-agent.secretNames" -}}
{{- $names := list -}}
{{- with .Values.history.existingSecret.name -}}{{- $names = append $names . -}}{{- end -}}
{{- range default list (default dict .Values.config).servers -}}
{{- with .existingSecret -}}{{- $names = append $names .name -}}{{- end -}}
{{- end -}}
{{- toJson ($names | uniq) -}}
{{- end -}}

{{/* Fails on values that contradict each other. */}}
{{- define "sequence-agent.check" -}}
{{- $name := include "sequence-agent.fullname" . -}}
{{- /* Helm takes more for a release than Kubernetes does for a Service. */ -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- fail (printf "\n\n%s: cannot be the name of a Service, which begins with a letter and has but small letters, digits and hyphens; set fullnameOverride\n" $name) -}}
{{- end -}}
{{- $postgres := include "sequence-agent.historyIsPostgres" . -}}
{{- $names := list -}}
{{- range $index, $server := default list (default dict .Values.config).servers -}}
{{- if has (toString $server.name) $names -}}
{{- fail (printf "\n\nconfig.servers[%d].name: %q is taken by a server before; names become the label `server` and have to be unique\n" $index (toString $server.name)) -}}
{{- end -}}
{{- $names = append $names (toString $server.name) -}}
{{- end -}}
{{- $host := dig "listen" "host" "" (include "sequence-agent.withoutNulls" (default dict .Values.config) | fromJson) -}}
{{- if has $host (list "localhost" "127.0.0.1" "::1") -}}
{{- fail (printf "\n\nconfig.listen.host: at %s neither the probes nor Prometheus reach the agent; leave it out\n" $host) -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not $postgres) -}}
{{- fail (printf "\n\nreplicas: %d pods cannot share a history in SQLite. Keep it in PostgreSQL (history.existingSecret, or config.history.url: postgresql+psycopg://…), or leave replicas at 1\n" (int .Values.replicas)) -}}
{{- end -}}
{{- if and (ne .Values.strategy.type "Recreate") .Values.persistence.enabled (not $postgres) -}}
{{- fail "\n\nstrategy.type: with RollingUpdate the old and the new pod would write to one SQLite file. Leave it at Recreate, or keep the history in PostgreSQL (history.existingSecret)\n" -}}
{{- end -}}
{{- if and (eq .Values.strategy.type "Recreate") .Values.strategy.rollingUpdate -}}
{{- fail "\n\nstrategy.rollingUpdate: belongs to type RollingUpdate, not to Recreate\n" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "\n\nserviceMonitor.enabled and podMonitor.enabled: both would scrape every series twice; keep one of them\n" -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and (not (kindIs "invalid" .minAvailable)) (not (kindIs "invalid" .maxUnavailable)) -}}
{{- fail "\n\npodDisruptionBudget: minAvailable and maxUnavailable exclude each other; keep one of them\n" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.dashboards.operator.enabled (not .Values.dashboards.operator.instanceSelector) -}}
{{- fail "\n\ndashboards.operator.instanceSelector: say which Grafanas get the dashboards, such as {matchLabels: {dashboards: grafana}}\n" -}}
{{- end -}}
{{- end -}}

{{/* The environment of the agent; fails on names given twice, which Kubernetes would settle silently. */}}
{{- define "sequence-agent.env" -}}
{{- $env := list -}}
{{- with .Values.extraEnv -}}
{{- $env = concat $env (include "sequence-agent.rendered" (dict "value" . "root" $) | fromYamlArray) -}}
{{- end -}}
{{- $names := list -}}
{{- range $env -}}
{{- if has .name $names -}}
{{- fail (printf "\n\nextraEnv: %s is given twice\n" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- with $env -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

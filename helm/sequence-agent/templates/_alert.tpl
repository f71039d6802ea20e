{{/* One alert as a rule, or an empty map where it is off. Takes a dict: name, alert, change, rules, runbooks; JSON. */}}
{{- define "sequence-agent.alert" -}}
{{- $at := printf "prometheusRule.alerts.%s" .name -}}
{{- $rules := .rules -}}
{{- $alert := .alert -}}
{{- $change := .change -}}
{{- $enabled := ternary $change.enabled (dig "enabled" true $alert) (kindIs "bool" $change.enabled) -}}
{{- $known := default dict $alert.thresholds -}}
{{- $wanted := dict -}}
{{- range $name, $value := default dict $change.thresholds -}}
{{- if not (hasKey $known $name) -}}
{{- fail (printf "\n\n%s.thresholds.%s: there is no such threshold; there are: %s\n" $at $name (keys $known | sortAlpha | join ", " | default "none")) -}}
{{- end -}}
{{- if not (kindIs "invalid" $value) -}}
{{- if ne (typeIs "string" $value) (typeIs "string" (get $known $name)) -}}
{{- fail (printf "\n\n%s.thresholds.%s: has to be %s, like %v\n" $at $name (ternary "a text" "a number" (typeIs "string" (get $known $name))) (get $known $name)) -}}
{{- end -}}
{{- $_ := set $wanted $name $value -}}
{{- end -}}
{{- end -}}
{{- $fill := dict "thresholds" (merge $wanted $known) "at" $at -}}
{{- $rule := dict "alert" .name "expr" (include "sequence-agent.filled" (merge (dict "text" $alert.expr) $fill)) -}}
{{- with default $alert.for $change.for -}}
{{- $_ := set $rule "for" (include "sequence-agent.filled" (merge (dict "text" .) $fill)) -}}
{{- end -}}
{{- with default $alert.keep_firing_for $change.keepFiringFor -}}
{{- $_ := set $rule "keep_firing_for" . -}}
{{- end -}}
{{- $severity := dict "severity" (default $alert.severity $change.severity) -}}
{{- $_ := set $rule "labels" (merge $severity (default dict $change.labels) (default dict $rules.additionalRuleLabels) (default dict $alert.labels)) -}}
{{- $annotations := dict -}}
{{- range $key := list "summary" "description" -}}
{{- with get $alert $key -}}
{{- $_ := set $annotations $key (include "sequence-agent.filled" (merge (dict "text" .) $fill)) -}}
{{- end -}}
{{- end -}}
{{- with default .runbooks $rules.runbookUrl -}}
{{- $_ := set $annotations "runbook_url" (printf "%s/%s.md" (trimSuffix "/" .) (default $.name $alert.runbook)) -}}
{{- end -}}
{{- $_ := set $rule "annotations" (merge dict (default dict $change.annotations) (default dict $rules.additionalRuleAnnotations) $annotations (default dict $alert.annotations)) -}}
{{- ternary $rule dict $enabled | toJson -}}
{{- end -}}

{{/* Text with its thresholds filled in. Takes a dict: text, thresholds, at. */}}
{{- define "sequence-agent.filled" -}}
{{- $text := toString .text | trim -}}
{{- range $name, $value := default dict .thresholds -}}
{{- $text = regexReplaceAllLiteral (printf "[[][[] *%s *[]][]]" $name) $text (include "sequence-agent.number" $value) -}}
{{- end -}}
{{- with regexFind "[[][[] *[a-z][A-Za-z0-9_]* *[]][]]" $text -}}
{{- fail (printf "\n\n%s: %s is no threshold of it\n" $.at .) -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{/* 1209600 rather than 1.2096e+06. Takes a number or a text. */}}
{{- define "sequence-agent.number" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) (lt . 1e15) (gt . -1e15) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

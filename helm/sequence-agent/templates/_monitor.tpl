{{/* What a ServiceMonitor and a PodMonitor have in common. */}}

{{/* Takes a dict: monitor, root. */}}
{{- define "sequence-agent.monitor" -}}
{{- with .monitor.jobLabel }}
jobLabel: {{ . }}
{{- end }}
{{- with .monitor.podTargetLabels }}
podTargetLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .monitor.sampleLimit }}
sampleLimit: {{ int . }}
{{- end }}
namespaceSelector:
  matchNames:
    - {{ include "sequence-agent.namespace" .root }}
selector:
  matchLabels:
    {{- include "sequence-agent.selectorLabels" .root | nindent 4 }}
{{- end -}}

{{- define "sequence-agent.endpoint" -}}
port: http
path: /metrics
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if .honorLabels }}
honorLabels: true
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

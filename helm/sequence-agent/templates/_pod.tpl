{{/* What belongs to pods alone. */}}

{{/* Names of Secrets may be longer than those of volumes, and may have dots. */}}
{{- define "sequence-agent.secretVolume" -}}
secret-{{ sha256sum . | trunc 12 }}
{{- end -}}

{{/*
A claim's volume belongs to root until fsGroup makes it writable. OpenShift gives each
namespace a group of its own and refuses any other.
*/}}
{{- define "sequence-agent.podSecurityContext" -}}
{{- $context := deepCopy (default dict .Values.podSecurityContext) -}}
{{- if and .Values.persistence.enabled .Values.persistence.fsGroup (not (.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
{{- $context = merge $context (dict "fsGroup" (int .Values.persistence.fsGroup) "fsGroupChangePolicy" "OnRootMismatch") -}}
{{- end -}}
{{- with $context -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

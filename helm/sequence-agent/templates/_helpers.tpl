{{/* Names, labels, images: what many objects have in common. */}}

{{- define "sequence-agent.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52 characters: what is appended to it has to stay within 63. */}}
{{- define "sequence-agent.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sequence-agent.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "sequence-agent.serviceAccountName" -}}
{{- $own := ternary (include "sequence-agent.fullname" .) "default" (.Values.serviceAccount.create | default false) -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{- define "sequence-agent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sequence-agent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: agent
{{- end -}}

{{- define "sequence-agent.testLabels" -}}
app.kubernetes.io/name: {{ include "sequence-agent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: test
{{- end -}}

{{/* What describes the release; selectors come in addition. */}}
{{- define "sequence-agent.releaseLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sequence-agent
{{- end -}}

{{/*
metadata of an object. Takes a dict: root; optionally name, namespace, labels,
annotations, selector (the template of the selector labels). What comes first here
wins: the chart's own labels, those of the object, commonLabels.
*/}}
{{- define "sequence-agent.metadata" -}}
{{- $root := .root -}}
{{- $selector := include (default "sequence-agent.selectorLabels" .selector) $root | fromYaml -}}
{{- $release := include "sequence-agent.releaseLabels" $root | fromYaml -}}
{{- $labels := merge dict $selector $release (default dict .labels) (default dict $root.Values.commonLabels) -}}
{{- $annotations := merge dict (default dict .annotations) (default dict $root.Values.commonAnnotations) -}}
name: {{ default (include "sequence-agent.fullname" $root) .name }}
namespace: {{ default (include "sequence-agent.namespace" $root) .namespace }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "sequence-agent.image" -}}
{{- $global := default dict .Values.global -}}
{{- $registry := default .Values.image.registry $global.imageRegistry -}}
{{- $repository := .Values.image.repository -}}
{{- $name := ternary (printf "%s/%s" $registry $repository) $repository (ne (default "" $registry) "") -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "sequence-agent.imagePullSecrets" -}}
{{- $global := default dict .Values.global -}}
{{- $names := concat (default list $global.imagePullSecrets) (default list .Values.imagePullSecrets) -}}
{{- $secrets := list -}}
{{- range $names -}}
{{- $secrets = append $secrets (ternary (dict "name" .) . (kindIs "string" .)) -}}
{{- end -}}
{{- with $secrets | uniq }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Text or lists and maps of values, with the templates in them rendered. Takes a dict: value, root. */}}
{{- define "sequence-agent.rendered" -}}
{{- $text := ternary .value (toYaml .value) (kindIs "string" .value) -}}
{{- if contains "{{" $text -}}
{{- tpl $text .root -}}
{{- else -}}
{{- $text -}}
{{- end -}}
{{- end -}}

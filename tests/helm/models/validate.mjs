// Reads custom resources as JSON from standard input, writes for each what is wrong
// with it. The models know types and required keys; they overlook unknown keys, but
// they also never read one: those that nothing has read are unknown.
import { GrafanaDashboard } from "@kubernetes-models/grafana-operator/grafana.integreatly.org/v1beta1/GrafanaDashboard";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { text } from "node:stream/consumers";

const models = { GrafanaDashboard, PodMonitor, PrometheusRule, ServiceMonitor };

function watched(value, path, unread) {
  if (value === null || typeof value !== "object") return value;
  for (const key of Object.keys(value)) unread.add(`${path}/${key}`);
  return new Proxy(value, {
    get(target, key) {
      const here = `${path}/${String(key)}`;
      unread.delete(here);
      // What lies below is looked at once it is reached.
      return watched(target[key], here, unread);
    },
  });
}

function mistakes(object) {
  try {
    new models[object.kind](object).validate();
  } catch (error) {
    return [error.message];
  }
  const unread = new Set();
  const model = new models[object.kind]({});
  Object.assign(model, { ...object, spec: watched(object.spec, "spec", unread) });
  model.validate();
  return [...unread].map((path) => `${path}: unknown key`);
}

const objects = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(objects.map(mistakes)));

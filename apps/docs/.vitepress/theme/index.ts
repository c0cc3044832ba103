import type { Theme } from 'vitepress';
import { defineAsyncComponent } from 'vue';
import DefaultTheme from 'vitepress/theme';
import HomeShowcase from './components/HomeShowcase.vue';
import LiveExample from './components/LiveExample.vue';
import PaperTable from './components/PaperTable.vue';
import './style.css';

/** Large, and each needed by one page. */
const tools = {
  BenchTool: defineAsyncComponent(() => import('./components/BenchTool.vue')),
  LoraTool: defineAsyncComponent(() => import('./components/LoraTool.vue')),
  MergeTool: defineAsyncComponent(() => import('./components/MergeTool.vue')),
};

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    const components = { HomeShowcase, LiveExample, PaperTable, ...tools };
    for (const [name, component] of Object.entries(components)) app.component(name, component);
  },
} satisfies Theme;
